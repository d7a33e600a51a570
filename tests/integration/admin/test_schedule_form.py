import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.services import ScheduleDraft, create_schedule
from tests.integration.admin.support import (
    add_url,
    errors_of,
    list_url,
    page_url,
    read,
    read_messages,
    shown,
    typed,
    verb_url,
)
from tests.support.factories import make_schedule, make_workflow
from workflows.engine import Target
from workflows.models import Workflow

ADD = "/admin/schedules/schedule/add/"


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly")


def store(workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any], **fields: Any) -> Schedule:
    draft = ScheduleDraft(name="Nightly", trigger=trigger, trigger_kwargs=trigger_kwargs, **fields)
    return create_schedule(draft=draft, workflow=workflow, actor="somebody")


def change(client: Client, schedule: Schedule, **fields: object) -> Any:
    """Send the page of a schedule as a browser shows it, but for `fields`."""
    page = page_url("schedules_schedule", schedule.pk)
    return client.post(page, {**shown(client, schedule), **fields})


@pytest.mark.parametrize(
    ("trigger", "fields", "stored"),
    [
        ("interval", {"hours": "2", "minutes": "30"}, {"hours": 2, "minutes": 30}),
        (
            "interval",
            {"seconds": "1.5", "end_date": "2099-01-01T00:00"},
            {"seconds": 1.5, "end_date": "2099-01-01T00:00"},
        ),
        ("cron", {"hour": "2", "minute": "*/5"}, {"hour": 2, "minute": "*/5"}),
        ("cron", {"day_of_week": "mon-fri", "hour": "02"}, {"day_of_week": "mon-fri", "hour": "02"}),
        ("date", {"run_date": "2099-03-28T02:30:00"}, {"run_date": "2099-03-28T02:30:00"}),
    ],
)
def test_each_kind_is_created_from_its_fields(
    root: Client, workflow: Workflow, trigger: str, fields: dict[str, str], stored: dict[str, Any]
) -> None:
    named = {f"{trigger}_{name}": value for name, value in fields.items()}
    sent = typed(workflow=workflow.pk, trigger=trigger, inputs='{"region": "north"}', **named)
    answer = root.post(add_url("schedules_schedule"), sent)
    assert answer.status_code == 302, errors_of(answer)
    schedule = Schedule.objects.get()
    assert (schedule.trigger, schedule.trigger_kwargs) == (trigger, stored)
    assert [type(value) for value in schedule.trigger_kwargs.values()] == [type(value) for value in stored.values()]
    assert (schedule.inputs, schedule.timezone) == ({"region": "north"}, "UTC")
    assert (schedule.workflow, schedule.created_by, schedule.state) == (workflow, "root", ScheduleState.ACTIVE)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"interval_hours": "two"}, "interval_hours", "'hours' is 'two'"),
        ({"interval_hours": "-1"}, "interval_hours", "'hours' is '-1'"),
        ({"interval_seconds": "0.2"}, "trigger", "the shortest one allowed is 1 s"),
        ({}, "trigger", "needs at least one of weeks"),
        ({"interval_hours": "1", "interval_end_date": "soon"}, "interval_end_date", "'end_date' is 'soon'"),
        ({"interval_hours": "1", "interval_end_date": "2001-01-01T00:00"}, "trigger", "never_fires"),
        ({"trigger": "cron", "cron_hour": "25"}, "cron_hour", "'hour' is 25"),
        ({"trigger": "cron", "cron_day": "never"}, "cron_day", "'day' is 'never'"),
        ({"trigger": "date"}, "trigger", "needs at least one of run_date"),
        ({"trigger": "crn", "interval_hours": "1"}, "trigger", "crn is not one of the available choices"),
        ({"interval_hours": "1", "timezone": "Europe/Amsterdm"}, "timezone", "did you mean 'Europe/Amsterdam'?"),
        ({"interval_hours": "1", "timezone": ""}, "timezone", "required"),
        ({"interval_hours": "1", "name": " "}, "name", "required"),
        ({"interval_hours": "1", "inputs": "{region: 1}"}, "inputs", "no JSON that can be read"),
        ({"interval_hours": "1", "inputs": "[1]"}, "inputs", "not list"),
        ({"interval_hours": "1", "inputs": '{"task_id": 1}'}, "inputs", "'task_id' is set by the task itself"),
        ({"interval_hours": "1", "inputs": '{"a": "\\u0000"}'}, "inputs", "cannot be stored"),
        ({"interval_hours": "1", "inputs": '{"a": NaN}'}, "inputs", "cannot be stored"),
        ({"interval_hours": "1", "inputs": '{"a": ' + "9" * 5000 + "}"}, "inputs", "no JSON that can be read"),
        ({"interval_hours": "1", "inputs": '{"a": ' + "[" * 101 + "]" * 101 + "}"}, "inputs", "at most 100 levels"),
        ({"interval_hours": "1", "inputs": "[" * 100_000}, "inputs", "at most 100 levels"),
    ],
)
def test_an_error_stands_at_the_field_at_fault_and_nothing_is_stored(
    root: Client, workflow: Workflow, fields: dict[str, str], field: str, message: str
) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, **fields))
    assert message in " ".join(errors_of(answer)[field])
    assert not Schedule.objects.exists()
    assert message.split("'", maxsplit=1)[0] in read(answer), "the page shows it"


def test_what_was_typed_stays_beside_the_error(root: Client, workflow: Workflow) -> None:
    text = '{"region":   "north"'
    sent = typed(workflow=workflow.pk, name="My <name>", interval_hours="two", inputs=text)
    page = read(root.post(ADD, sent))
    assert 'value="My <name>"' in page
    assert 'value="two"' in page
    assert text in page


def test_a_wrong_trigger_is_told_together_with_what_else_is_wrong(root: Client, workflow: Workflow) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, name="", interval_hours="two"))
    assert set(errors_of(answer)) == {"name", "interval_hours"}


@pytest.mark.parametrize("is_new", [True, False])
def test_fields_of_another_kind_are_refused_by_name(root: Client, workflow: Workflow, is_new: bool) -> None:
    if is_new:
        answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1", cron_minute="5", date_run_date="x"))
    else:
        answer = change(root, store(workflow, "interval", {"hours": 1}), cron_minute="5", date_run_date="x")
    assert set(errors_of(answer)) == {"cron_minute", "date_run_date"}
    assert "This belongs to 'cron', and the trigger is 'interval'" in read(answer)


def test_only_task_workflows_that_are_not_deleted_are_offered(root: Client, workflow: Workflow) -> None:
    product = make_workflow(name="modify_note", target=Target.MODIFY)
    deleted = make_workflow(name="task_deleted", deleted_at=database_now())
    page = read(root.get(ADD))
    assert "task_nightly" in page
    assert "modify_note" not in page
    assert "task_deleted" not in page
    for refused in (product, deleted):
        assert "workflow" in errors_of(root.post(ADD, typed(workflow=refused.pk, interval_hours="1")))
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("trigger", "trigger_kwargs"),
    [
        ("interval", {"hours": 1}),
        ("interval", {"hours": 1.0, "minutes": 0}),
        ("interval", {"hours": 1, "minutes": None}),
        ("interval", {"weeks": 1, "start_date": "2027-01-01T00:00:00", "end_date": "2099-01-01"}),
        ("cron", {"hour": 0, "minute": "10"}),
        ("cron", {"hour": "02", "day_of_week": "mon-fri", "start_date": "2027-01-01T00:00:00+02:00"}),
        ("cron", {"minute": " */5 "}),
        ("date", {"run_date": "2099-03-28T02:30:00.123456"}),
        ("date", {"run_date": "2099-03-28T02:30:00Z"}),
    ],
)
def test_saving_without_a_change_keeps_the_trigger_and_its_grid(
    root: Client, workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any]
) -> None:
    before = store(workflow, trigger, trigger_kwargs, timezone="Europe/Amsterdam", inputs={"é": [1, {"b": None}]})
    answer = change(root, before)
    assert answer.status_code == 302, errors_of(answer)
    after = Schedule.objects.get()
    assert json.dumps(after.trigger_kwargs, sort_keys=True) == json.dumps(before.trigger_kwargs, sort_keys=True)
    for name in ("trigger", "timezone", "inputs", "grid_start_at", "next_run_at", "planned_through", "state_since"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.version, after.updated_by) == (2, "root")


def test_seconds_that_a_browser_leaves_out_are_no_change(root: Client, workflow: Workflow) -> None:
    before = store(workflow, "date", {"run_date": "2099-03-28T02:30:00"})
    change(root, before, date_run_date="2099-03-28T02:30")
    assert Schedule.objects.get().trigger_kwargs == {"run_date": "2099-03-28T02:30:00"}


def test_a_changed_field_leaves_the_others_as_they_are_stored(root: Client, workflow: Workflow) -> None:
    before = store(workflow, "cron", {"hour": "02", "minute": 30})
    assert change(root, before, cron_minute="45", name="Later").status_code == 302
    after = Schedule.objects.get()
    assert (after.name, after.trigger_kwargs) == ("Later", {"hour": "02", "minute": 45})
    assert after.grid_start_at > before.grid_start_at


def test_a_schedule_may_change_its_kind(root: Client, workflow: Workflow) -> None:
    before = store(workflow, "interval", {"hours": 1})
    assert change(root, before, trigger="cron", interval_hours="", cron_hour="3").status_code == 302
    after = Schedule.objects.get()
    assert (after.trigger, after.trigger_kwargs) == ("cron", {"hour": 3})


def test_an_error_in_a_change_leaves_everything_as_it_was(root: Client, workflow: Workflow) -> None:
    before = store(workflow, "interval", {"hours": 1})
    answer = change(root, before, name="Other", interval_hours="0")
    assert "the shortest one allowed" in errors_of(answer)["trigger"][0]
    after = Schedule.objects.get()
    assert (after.name, after.version, after.trigger_kwargs) == ("Nightly", 1, {"hours": 1})


def test_a_form_without_its_version_is_refused(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 1})
    sent = shown(root, schedule)
    assert sent.pop("version") == "1"
    assert "version" in errors_of(root.post(page_url("schedules_schedule", schedule.pk), {**sent, "name": "Mine"}))
    assert Schedule.objects.get().name == "Nightly"


def test_saving_a_broken_schedule_tries_its_trigger_again(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 1})
    Schedule.objects.update(state=ScheduleState.BROKEN, state_reason="it broke", next_run_at=None)
    assert change(root, schedule).status_code == 302
    after = Schedule.objects.get()
    assert (after.state, after.state_reason) == (ScheduleState.ACTIVE, "")
    assert after.next_run_at is not None
    assert after.next_run_at > database_now()


def test_a_finished_schedule_can_be_renamed(root: Client, workflow: Workflow) -> None:
    now = database_now()
    schedule = make_schedule(
        workflow,
        trigger="date",
        trigger_kwargs={"run_date": (now - timedelta(days=1)).isoformat()},
        next_run_at=None,
    )
    assert change(root, schedule, name="Was it").status_code == 302
    assert (Schedule.objects.get().name, Schedule.objects.get().state) == ("Was it", ScheduleState.FINISHED)


@pytest.mark.parametrize(
    ("trigger", "trigger_kwargs"),
    [
        ("crontab", {"hour": 1}),
        ("cron", {"crontab": ["30 2 * * *"]}),
        ("interval", {"hours": [1]}),
        ("or", {"triggers": {"trigger": "cron"}}),
    ],
)
def test_a_trigger_that_the_fields_cannot_hold_is_shown_and_kept(
    root: Client, workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any]
) -> None:
    schedule = make_schedule(workflow, trigger=trigger, trigger_kwargs=trigger_kwargs)
    page = read(root.get(page_url("schedules_schedule", schedule.pk)))
    assert json.dumps(trigger_kwargs, indent=2) in page
    assert change(root, schedule, name="Renamed").status_code == 302
    after = Schedule.objects.get()
    assert (after.name, after.trigger, after.trigger_kwargs) == ("Renamed", trigger, trigger_kwargs)


def test_the_form_offers_every_zone_with_its_offset_and_yours_at_first(root: Client, workflow: Workflow) -> None:
    root.cookies["chosen_time_zone"] = "Asia/Kolkata"
    page = read(root.get(ADD))
    assert re.search(r'<option value="Pacific/Chatham">UTC\+1[23]:45</option>', page)
    assert re.search(r'name="timezone" value="Asia/Kolkata"', page)
    assert "Yours is Asia/Kolkata. That of this installation is UTC." in page


def test_the_log_of_the_admin_says_who_added_and_changed(root: Client, workflow: Workflow) -> None:
    root.post(ADD, typed(workflow=workflow.pk, interval_hours="1"))
    schedule = Schedule.objects.get()
    change(root, schedule, name="Other")
    page = read(root.get(f"/admin/schedules/schedule/{schedule.pk}/history/"))
    assert "Added" in page
    assert "Changed Name." in page


def test_after_adding_the_list_tells_so(root: Client, workflow: Workflow) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1"), follow=True)
    assert answer.request["PATH_INFO"] == list_url("schedules_schedule")
    assert "was added successfully" in read(answer)


class OrderForm(forms.Form):
    region = forms.ChoiceField(choices=[("north", "The north")])
    count = forms.IntegerField(min_value=1)


class FailingForm(OrderForm):
    def clean(self) -> dict[str, Any]:
        raise RuntimeError("cannot look")


def test_inputs_that_the_form_of_the_workflow_refuses_are_named_by_key_at_their_field(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": OrderForm})
    sent = typed(workflow=workflow.pk, interval_hours="1", inputs='{"region": "west", "count": 0}')
    errors = errors_of(root.post(ADD, sent))
    assert errors.keys() == {"inputs"}
    assert sorted(message.partition(":")[0] for message in errors["inputs"]) == ["count", "region"]
    assert not Schedule.objects.exists()
    assert root.post(ADD, {**sent, "inputs": '{"region": "north", "count": 1}'}).status_code == 302
    schedule = Schedule.objects.get()
    errors = errors_of(change(root, schedule, inputs='{"region": "north"}'))
    assert [message.partition(":")[0] for message in errors["inputs"]] == ["count"]
    assert Schedule.objects.get().inputs == {"region": "north", "count": 1}


def test_a_form_that_fails_while_it_looks_at_inputs_is_told_at_their_field(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": FailingForm})
    sent = typed(workflow=workflow.pk, interval_hours="1", inputs='{"region": "north", "count": 1}')
    assert "cannot look" in errors_of(root.post(ADD, sent))["inputs"][0]
    assert not Schedule.objects.exists()


def test_whom_the_workflow_does_not_let_start_it_can_neither_schedule_nor_run_it(root: Client, db: None) -> None:
    workflow = make_workflow(options={"authorize_callback": lambda user: False})
    answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1"))
    assert errors_of(answer) == {"__all__": [f"User is not authorized to start '{workflow}'"]}
    schedule = make_schedule(workflow)
    url = verb_url("schedules_schedule", "run", schedule.pk)
    assert url not in read(root.get(page_url("schedules_schedule", schedule.pk)))
    assert "User is not authorized to start" in read_messages(root.post(url, follow=True))
    assert "User is not authorized to start" in errors_of(change(root, schedule, name="Other"))["__all__"][0]
    assert Schedule.objects.get().name == "Nightly"
