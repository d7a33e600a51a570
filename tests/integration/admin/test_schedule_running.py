"""Running a schedule by hand from its page: now, with other inputs, and again for times that have passed."""

from datetime import datetime
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.admin.time_zone import BROWSER_COOKIE
from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule
from schedules.pausing import pause_schedule
from tasks.freezing import freeze_engine
from tasks.models import Task
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read, read_messages, verb_url
from tests.support.factories import HOUR, make_schedule, make_workflow

MODEL = "schedules_schedule"
RUN, VIEW = "schedules.run_schedule", "schedules.view_schedule"


class OrderForm(forms.Form):
    region = forms.ChoiceField(choices=[("north", "The north"), ("south", "The south")])
    count = forms.IntegerField(min_value=1)
    reason = forms.CharField(required=False)


class UnusableOrderForm(OrderForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        raise RuntimeError("no regions today")


def make_hourly(**fields: Any) -> Schedule:
    """Store a schedule that has run at the last full hour, and runs at the next one."""
    next_hour = database_now().replace(minute=0, second=0, microsecond=0) + HOUR
    defaults = {"trigger": "cron", "trigger_kwargs": {"minute": 0}, "next_run_at": next_hour}
    return make_schedule(fields.pop("workflow", None), **{**defaults, **fields})


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_hourly(inputs={"region": "north"})


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, "the form was taken"
    return dict(answer.context["form"].errors)


def hours_ago(schedule: Schedule, hours: int) -> datetime:
    """Return a full hour; that of 0 hours ago is the last one."""
    assert schedule.next_run_at is not None
    return schedule.next_run_at - (hours + 1) * HOUR


def stretch(schedule: Schedule, hours: int, **fields: object) -> dict[str, object]:
    """Return what is typed to run so many hours before the last full one again."""
    first, until = hours_ago(schedule, hours), hours_ago(schedule, 0)
    ends = {"first": f"{first:%Y-%m-%dT%H:%M:%S}", "until": f"{until:%Y-%m-%dT%H:%M:%S}"}
    return {**ends, "limit": "100", "only": "missing", **fields}


def test_a_schedule_runs_with_other_inputs_and_a_reason(root: Client, schedule: Schedule) -> None:
    url = verb_url(MODEL, "run-with-inputs", schedule.pk)
    assert url in read(root.get(page_url(MODEL, schedule.pk)))
    assert '"region": "north"' in read(root.get(url)), "its own inputs are there to be changed"
    sent = {"inputs": '{"region": "south"}', "reason": "The south was cut off"}
    answer = root.post(url, sent, follow=True)
    task, firing = Task.objects.get(), Firing.objects.get()
    assert (task.inputs, task.reporter, task.schedule_id) == ({"region": "south"}, "root", schedule.pk)
    assert (firing.cause, firing.task_id) == (FiringCause.MANUAL, task.pk)
    assert firing.reason == "run by root: The south was cut off"
    assert page_url("tasks_task", task.pk) in read_messages(answer)
    assert "Run with inputs" in read(root.get(f"/admin/schedules/schedule/{schedule.pk}/history/"))
    after = Schedule.objects.get()
    assert (after.inputs, after.next_run_at) == ({"region": "north"}, schedule.next_run_at)


@pytest.mark.parametrize(
    ("inputs", "message"), [("{", "no JSON"), ("[]", "not list"), ('{"task_id": 1}', "set by the task itself")]
)
def test_inputs_that_cannot_be_used_are_said_at_their_field(
    root: Client, schedule: Schedule, inputs: str, message: str
) -> None:
    answer = root.post(verb_url(MODEL, "run-with-inputs", schedule.pk), {"inputs": inputs, "reason": "kept"})
    assert message in errors_of(answer)["inputs"][0]
    assert 'value="kept"' in read(answer)
    assert not Task.objects.exists()


def test_a_reason_that_is_too_long_is_said_at_its_field(root: Client, schedule: Schedule) -> None:
    answer = root.post(verb_url(MODEL, "run-with-inputs", schedule.pk), {"inputs": "{}", "reason": "x" * 1_001})
    assert "at most 1000 characters" in errors_of(answer)["reason"][0]
    assert not Task.objects.exists()


def test_the_form_of_the_workflow_is_filled_in_with_the_inputs_of_the_schedule(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": OrderForm})
    schedule = make_hourly(workflow=workflow, inputs={"region": "south", "count": 3, "reason": "its own"})
    url = verb_url(MODEL, "run-with-inputs", schedule.pk)
    page = read(root.get(url))
    assert '<option value="south" selected>' in page
    assert 'value="3"' in page
    assert 'value="its own"' in page
    sent = {"inputs-region": "north", "inputs-count": "0", "inputs-reason": "of the form"}
    assert errors_of(root.post(url, {**sent, "inputs-run-reason": "of the run"})).keys() == {"count"}
    too_long = {**sent, "inputs-count": "2", "inputs-run-reason": "x" * 1_001}
    assert errors_of(root.post(url, too_long)).keys() == {"run-reason"}
    assert not Task.objects.exists()
    root.post(url, {**sent, "inputs-count": "2", "inputs-run-reason": " of the run "})
    assert Task.objects.get().inputs == {"region": "north", "count": 2, "reason": "of the form"}
    assert Firing.objects.get().reason == "run by root: of the run"


def test_a_form_that_cannot_be_shown_leaves_the_json_and_says_why(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": UnusableOrderForm})
    schedule = make_hourly(workflow=workflow, inputs={"region": "south"})
    page = read(root.get(verb_url(MODEL, "run-with-inputs", schedule.pk)))
    assert "its form UnusableOrderForm cannot be shown: RuntimeError: no regions today" in page
    assert '"region": "south"' in page


def test_a_paused_schedule_runs_by_hand_all_the_same(root: Client, schedule: Schedule) -> None:
    pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada")
    assert root.post(verb_url(MODEL, "run-with-inputs", schedule.pk), {"inputs": ""}).status_code == 302
    assert Task.objects.get().inputs == {}


@pytest.mark.parametrize("verb", ["run-with-inputs", "backfill"])
def test_running_needs_its_permission(login: Login, schedule: Schedule, verb: str) -> None:
    url = verb_url(MODEL, verb, schedule.pk)
    sent = {**stretch(schedule, 2), "_do": "1", "inputs": ""}
    operator = login(VIEW, "schedules.change_schedule", "schedules.pause_schedule")
    assert url not in read(operator.get(page_url(MODEL, schedule.pk)))
    assert (operator.get(url).status_code, operator.post(url, sent).status_code) == (403, 403)
    assert not Task.objects.exists()
    User.objects.all().delete()
    operator = login(VIEW, RUN)
    assert url in read(operator.get(page_url(MODEL, schedule.pk)))
    assert operator.post(url, sent).status_code == 302
    assert {task.reporter for task in Task.objects.all()} == {"operator"}


@pytest.mark.parametrize("verb", ["run-with-inputs", "backfill"])
def test_whom_the_workflow_does_not_let_start_it_is_offered_nothing_and_refused(
    root: Client, db: None, verb: str
) -> None:
    schedule = make_hourly(workflow=make_workflow(options={"authorize_callback": lambda user: False}))
    url = verb_url(MODEL, verb, schedule.pk)
    assert url not in read(root.get(page_url(MODEL, schedule.pk)))
    errors = errors_of(root.post(url, {**stretch(schedule, 2), "_do": "1", "inputs": ""}))
    assert errors == {"__all__": [f"User is not authorized to start '{schedule.workflow}'"]}
    assert not Task.objects.exists()


@pytest.mark.parametrize("verb", ["run", "run-with-inputs", "backfill"])
def test_while_the_engine_is_frozen_only_those_run_it_who_may(login: Login, schedule: Schedule, verb: str) -> None:
    freeze_engine(reason="upgrade", actor="ada")
    url, sent = verb_url(MODEL, verb, schedule.pk), {**stretch(schedule, 2), "_do": "1", "inputs": ""}
    page = read(login(VIEW, RUN).post(url, sent, follow=True))
    assert "the engine is frozen by ada since" in page
    assert not Task.objects.exists()
    User.objects.all().delete()
    login(VIEW, RUN, "schedules.run_while_frozen").post(url, sent)
    assert Task.objects.exists()


def test_a_backfill_first_shows_what_would_run_and_writes_nothing(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(timezone="Europe/Amsterdam")
    url, sent = verb_url(MODEL, "backfill", schedule.pk), stretch(schedule, 3)
    page = read(root.get(url))
    assert "On the clocks of UTC." in page
    assert 'value="100"' in page
    answer = root.post(url, sent)
    assert (Task.objects.count(), Firing.objects.count()) == (0, 0)
    assert answer.context["summary"] == "3 times would run, the oldest first"
    rows = answer.context["rows"]
    assert [row.utc for row in rows] == [f"{hours_ago(schedule, hours):%Y-%m-%d %H:%M:%S}" for hours in (3, 2, 1)]
    assert [row.outcome for row in rows] == ["started", "queued", "queued"]
    assert rows[0].local.endswith(("CET", "CEST"))
    page = read(answer)
    assert "starts when it can" in page
    for name, value in {**sent, "_do": "1"}.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


def test_what_was_shown_is_run_and_is_missing_no_more(root: Client, schedule: Schedule) -> None:
    url, sent = verb_url(MODEL, "backfill", schedule.pk), stretch(schedule, 3)
    answer = root.post(url, {**sent, "_do": "1"}, follow=True)
    assert "3 tasks are on the queue." in read_messages(answer)
    firings = Firing.objects.order_by("id")
    assert [firing.scheduled_for for firing in firings] == [hours_ago(schedule, hours) for hours in (3, 2, 1)]
    assert {firing.cause for firing in firings} == {FiringCause.BACKFILL}
    assert Task.objects.count() == 3
    again = root.post(url, sent)
    assert again.context["summary"] == "Nothing would run: there is no such time."
    assert 'name="_do"' not in read(again)
    assert root.post(url, {**sent, "only": "all"}).context["summary"].startswith("3 times would run")
    history = read(root.get(f"/admin/schedules/schedule/{schedule.pk}/history/"))
    assert history.count("Backfill") == 1, "looking ahead is not in the history"


def test_more_times_than_the_limit_are_said_to_be_there(root: Client, schedule: Schedule) -> None:
    url, sent = verb_url(MODEL, "backfill", schedule.pk), stretch(schedule, 3, limit="1")
    assert root.post(url, sent).context["summary"] == "1 time would run; there are more than the limit"
    told = read_messages(root.post(url, {**sent, "_do": "1"}, follow=True))
    assert told == "1 task is on the queue. There are more times than the limit."
    assert Firing.objects.get().scheduled_for == hours_ago(schedule, 3)


def test_the_ends_of_a_backfill_are_typed_on_the_clocks_of_the_user(root: Client, schedule: Schedule) -> None:
    root.cookies[BROWSER_COOKIE] = "Etc/GMT-2"  # two hours ahead of UTC
    answer = root.post(verb_url(MODEL, "backfill", schedule.pk), stretch(schedule, 1))
    assert [row.utc for row in answer.context["rows"]] == [f"{hours_ago(schedule, 3):%Y-%m-%d %H:%M:%S}"]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"first": ""}, "first", "required"),
        ({"until": "x"}, "until", "valid date/time"),
        ({"until": "2099-01-01T00:00:00"}, "until", "lies in the future"),
        ({"first": "2099-01-01T00:00:00"}, "first", "has to lie before"),
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"limit": "1001"}, "limit", "less than or equal to 1000"),
        ({"only": "some"}, "only", "not one of the available choices"),
    ],
)
def test_what_is_wrong_with_a_backfill_is_said_at_its_field(
    root: Client, schedule: Schedule, fields: dict[str, str], field: str, message: str
) -> None:
    for does in ({}, {"_do": "1"}):
        answer = root.post(verb_url(MODEL, "backfill", schedule.pk), {**stretch(schedule, 2, **fields), **does})
        errors = errors_of(answer)
        assert errors.keys() == {field}
        assert message in errors[field][0]
        assert 'id="backfill"' not in read(answer)
    assert not Task.objects.exists()


def test_a_backfill_says_that_the_inputs_or_the_trigger_are_at_fault(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": OrderForm})
    wrong_inputs = make_hourly(workflow=workflow, inputs={"region": "north"})
    [message] = errors_of(root.post(verb_url(MODEL, "backfill", wrong_inputs.pk), stretch(wrong_inputs, 2)))["__all__"]
    assert message.startswith("inputs of the schedule: count: ")
    no_trigger = make_hourly(trigger="lunar")
    [message] = errors_of(root.post(verb_url(MODEL, "backfill", no_trigger.pk), stretch(no_trigger, 2)))["__all__"]
    assert "lunar" in message


@pytest.mark.parametrize("verb", ["run-with-inputs", "backfill", "pause"])
def test_a_form_for_a_schedule_that_is_gone_is_not_found(root: Client, schedule: Schedule, verb: str) -> None:
    url = verb_url(MODEL, verb, schedule.pk)
    schedule.delete()
    assert (root.get(url).status_code, root.post(url, {}).status_code) == (404, 404)


def test_firings_of_backfills_and_pauses_are_named_and_coloured(root: Client, schedule: Schedule) -> None:
    root.post(verb_url(MODEL, "backfill", schedule.pk), {**stretch(schedule, 1), "_do": "1"})
    [firing] = Firing.objects.all()
    Firing.objects.update(outcome=FiringOutcome.SKIPPED_PAUSED)
    page = read(root.get("/admin/schedules/firing/", {"cause__exact": "backfill"}))
    row = page.split("result_list")[1]
    assert "backfill" in row
    assert "admin-mark-odd" in row
    assert "skipped while paused" in row
    assert "skipped while paused" in read(root.get(page_url("schedules_firing", firing.pk)))
