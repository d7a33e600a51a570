"""The inputs of a schedule on its page: the fields of its workflow's form, or a JSON object."""

from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.test import Client

from schedules.models import Schedule
from schedules.services import ScheduleDraft, create_schedule
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, errors_of, page_url, read, shown, typed
from tests.support.factories import make_workflow
from workflows.models import Workflow

MODEL = "schedules_schedule"
ADD = add_url(MODEL)
INPUTS = "/admin/schedules/schedule/add/inputs/"


class OrderForm(forms.Form):
    region = forms.ChoiceField(choices=[("north", "The north"), ("south", "The south")])
    count = forms.IntegerField(min_value=1, help_text="How many.")
    note = forms.CharField(required=False)
    is_urgent = forms.BooleanField(required=False)
    at = forms.DateTimeField(required=False)
    length = forms.DurationField(required=False)


class DefaultsForm(forms.Form):
    region = forms.CharField(initial="north", required=False)
    is_urgent = forms.BooleanField(initial=True, required=False)


class PartsForm(forms.Form):
    at = forms.SplitDateTimeField(required=False)


class BrokenForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("cannot be made")


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_order", options={"initial_input_form": OrderForm})


def store(workflow: Workflow, inputs: dict[str, Any]) -> Schedule:
    draft = ScheduleDraft(name="Nightly", trigger="interval", trigger_kwargs={"hours": 1}, inputs=inputs)
    return create_schedule(draft=draft, workflow=workflow, actor="somebody")


def change(client: Client, schedule: Schedule, **fields: object) -> Any:
    return client.post(page_url(MODEL, schedule.pk), {**shown(client, schedule), **fields})


def add(client: Client, workflow: Workflow, **inputs: object) -> Any:
    named = {f"inputs-{name}": value for name, value in inputs.items()}
    return client.post(ADD, typed(workflow=workflow.pk, interval_hours="1", **named))


def ask(client: Client, query: dict[str, str]) -> Any:
    """Do what the script does when a workflow is chosen."""
    return client.get(INPUTS, query, headers={"HX-Request": "true"})


class TestAdding:
    def test_the_fields_of_the_chosen_workflow_are_asked_for(self, root: Client, workflow: Workflow) -> None:
        page = read(root.get(ADD, {"workflow": str(workflow.pk)}))
        assert 'name="inputs-region"' in page
        assert "How many." in page
        assert 'name="inputs"' not in page

    def test_a_script_gets_them_when_the_workflow_is_chosen(self, root: Client, workflow: Workflow) -> None:
        assert f'hx-get="{INPUTS}"' in read(root.get(ADD))
        part = read(ask(root, {"workflow": str(workflow.pk)}))
        assert 'id="schedule-inputs"' in part
        assert 'name="inputs-count"' in part
        assert "<html" not in part
        for other in ({}, {"workflow": ""}, {"workflow": "x"}, {"workflow": str(make_workflow(name="task_x").pk)}):
            assert 'name="inputs"' in read(ask(root, other))
        page = root.get(INPUTS, {"workflow": str(workflow.pk)}, follow=True)
        assert page.request["PATH_INFO"] == ADD, "nobody is shown a part for a page"
        assert 'name="inputs-count"' in read(page)

    def test_an_address_may_fill_them_in_and_cannot_break_them(self, root: Client, workflow: Workflow) -> None:
        page = read(root.get(ADD, {"workflow": str(workflow.pk), "inputs": "region", "name": "From a link"}))
        assert 'name="inputs-region"' in page
        assert 'value="From a link"' in page

    def test_whoever_may_not_add_gets_none(self, login: Login, workflow: Workflow) -> None:
        viewer = login("schedules.view_schedule")
        assert viewer.get(INPUTS, {"workflow": str(workflow.pk)}).status_code == 403

    def test_without_a_script_the_button_shows_them_with_their_defaults(self, root: Client, db: None) -> None:
        workflow = make_workflow(options={"initial_input_form": DefaultsForm})
        page = read(root.post(ADD, typed(workflow=workflow.pk, interval_hours="1", _preview="1")))
        assert 'name="inputs-region" value="north"' in page
        assert not Schedule.objects.exists()

    def test_what_is_typed_is_stored_and_blanks_are_left_out(self, root: Client, workflow: Workflow) -> None:
        answer = add(root, workflow, region="north", count="3", note="", at="", length="")
        assert answer.status_code == 302, errors_of(answer)
        assert Schedule.objects.get().inputs == {"region": "north", "count": "3", "is_urgent": False}

    def test_what_the_form_refuses_stands_at_its_field(self, root: Client, workflow: Workflow) -> None:
        answer = add(root, workflow, region="west", count="0")
        assert set(errors_of(answer)) == {"inputs-region", "inputs-count"}
        page = read(answer)
        assert 'id="id_inputs-count_error"' in page
        assert not Schedule.objects.exists()

    def test_a_moment_is_stored_with_its_offset(self, root: Client, workflow: Workflow) -> None:
        root.cookies["chosen_time_zone"] = "Asia/Kolkata"
        add(root, workflow, region="north", count="1", at="2027-03-01T05:30")
        schedule = Schedule.objects.get()
        assert schedule.inputs["at"] == "2027-03-01T00:00:00Z"
        assert shown(root, schedule)["inputs-at"] == "2027-03-01T05:30:00"
        root.cookies["chosen_time_zone"] = "UTC"
        assert shown(root, schedule)["inputs-at"] == "2027-03-01T00:00:00"

    def test_json_is_taken_all_the_same(self, root: Client, workflow: Workflow) -> None:
        sent = typed(workflow=workflow.pk, interval_hours="1", inputs='{"region": "north", "count": 2}')
        assert root.post(ADD, sent).status_code == 302
        assert Schedule.objects.get().inputs == {"region": "north", "count": 2}

    def test_the_fields_can_be_turned_into_json(self, root: Client, workflow: Workflow) -> None:
        fields = {"inputs-region": "south", "inputs-count": "4"}
        sent = typed(workflow=workflow.pk, interval_hours="1", _preview="json", **fields)
        page = read(root.post(ADD, sent))
        assert '"count": "4"' in page
        assert 'name="inputs-count"' not in page
        assert not Schedule.objects.exists()

    def test_a_form_that_cannot_be_made_says_why_and_leaves_json(self, root: Client, db: None) -> None:
        workflow = make_workflow(options={"initial_input_form": BrokenForm})
        page = read(root.get(ADD, {"workflow": str(workflow.pk)}))
        assert "cannot be made" in page
        assert 'name="inputs"' in page


class TestChanging:
    INPUTS: dict[str, Any] = {"region": "north", "count": 2, "is_urgent": True, "length": "P1DT02H00M00S"}

    def test_saving_without_a_change_keeps_every_input_as_it_is_stored(self, root: Client, workflow: Workflow) -> None:
        schedule = store(workflow, self.INPUTS)
        assert shown(root, schedule)["inputs-count"] == "2"
        assert change(root, schedule, name="Renamed").status_code == 302
        schedule.refresh_from_db()
        assert (schedule.name, schedule.inputs) == ("Renamed", self.INPUTS)

    def test_one_that_is_changed_leaves_the_others_alone(self, root: Client, workflow: Workflow) -> None:
        schedule = store(workflow, self.INPUTS)
        assert change(root, schedule, **{"inputs-region": "south"}).status_code == 302
        schedule.refresh_from_db()
        assert schedule.inputs == {**self.INPUTS, "region": "south"}

    def test_defaults_that_nobody_touched_are_not_written_down(self, root: Client, db: None) -> None:
        schedule = store(make_workflow(options={"initial_input_form": DefaultsForm}), {})
        assert shown(root, schedule)["inputs-region"] == "north"
        assert change(root, schedule, name="Renamed").status_code == 302
        schedule.refresh_from_db()
        assert schedule.inputs == {}

    def test_what_the_fields_cannot_show_stays_json(self, root: Client, db: None) -> None:
        moment = "2027-03-01T00:00:00Z"
        schedule = store(make_workflow(options={"initial_input_form": PartsForm}), {"at": moment})
        assert moment in shown(root, schedule)["inputs"]
        assert change(root, schedule, name="Renamed").status_code == 302
        schedule.refresh_from_db()
        assert schedule.inputs == {"at": moment}

    def test_a_viewer_sees_them_and_no_field(self, login: Login, workflow: Workflow) -> None:
        schedule = store(workflow, self.INPUTS)
        page = read(login("schedules.view_schedule").get(page_url(MODEL, schedule.pk)))
        assert '"count": 2' in page
        assert "inputs-count" not in page


def test_a_duration_typed_again_is_a_change(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, TestChanging.INPUTS)
    change(root, schedule, **{"inputs-length": str(timedelta(hours=3))})
    schedule.refresh_from_db()
    assert schedule.inputs["length"] == "3:00:00"
