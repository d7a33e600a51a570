"""The policies on the form of a schedule: their defaults, what is stored of them, and what is wrong at which field."""

from typing import Any

import pytest
from django.test import Client

from schedules import rules
from schedules.forms import schedules as schedule_forms
from schedules.models import Schedule
from schedules.pausing import pause_schedule
from schedules.rules import POLICIES
from schedules.services import update_schedule
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import POLICIES as UNTOUCHED
from tests.integration.admin.support import add_url, errors_of, page_url, read, shown, typed
from tests.support.factories import make_schedule, make_workflow
from workflows.models import Workflow

MODEL = "schedules_schedule"
ADD = add_url(MODEL)
# Other values than the defaults: as they are typed, and as they are stored.
OTHERS: dict[str, tuple[str, Any]] = {
    "misfire_policy": ("run_all", "run_all"),
    "misfire_window_seconds": ("", None),
    "max_catchup_runs": ("3", 3),
    "overlap_policy": ("queue_one", "queue_one"),
    "concurrency_key": ("workflow", "workflow"),
    "resume_policy": ("run_once", "run_once"),
    "pause_after_failures": ("5", 5),
}
TYPED = {name: text for name, (text, _) in OTHERS.items()}
STORED = {name: value for name, (_, value) in OTHERS.items()}


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly")


def policies_of(schedule: Schedule) -> dict[str, Any]:
    schedule.refresh_from_db()
    return {name: getattr(schedule, name) for name in POLICIES}


def change(client: Client, schedule: Schedule, **fields: object) -> Any:
    return client.post(page_url(MODEL, schedule.pk), {**shown(client, schedule), **fields})


def test_a_new_form_shows_the_defaults_and_stores_them_untouched(root: Client, workflow: Workflow) -> None:
    form = root.get(ADD).context["adminform"].form
    assert {name: "" if (value := form[name].value()) is None else str(value) for name in POLICIES} == UNTOUCHED
    assert root.post(ADD, typed(workflow=workflow.pk, interval_hours="1")).status_code == 302
    assert policies_of(Schedule.objects.get()) == policies_of(make_schedule(workflow))


def test_what_is_chosen_is_stored_with_a_new_schedule(root: Client, workflow: Workflow) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1", **TYPED))
    assert answer.status_code == 302, errors_of(answer)
    assert policies_of(Schedule.objects.get()) == STORED


def test_what_is_chosen_is_stored_with_a_change_and_leaves_the_grid_alone(root: Client, workflow: Workflow) -> None:
    before = make_schedule(workflow)
    assert change(root, before, **TYPED).status_code == 302
    after = Schedule.objects.get()
    assert policies_of(after) == STORED
    assert (after.next_run_at, after.grid_start_at) == (before.next_run_at, before.grid_start_at)


def test_saving_without_a_change_keeps_policies_that_are_not_the_defaults(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow, **STORED)
    assert change(root, schedule, name="Renamed").status_code == 302
    assert policies_of(schedule) == STORED
    assert schedule.name == "Renamed"


@pytest.mark.parametrize("name", POLICIES)
def test_only_policies_that_are_changed_are_handed_on(
    root: Client, workflow: Workflow, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    handed_on: list[dict[str, Any]] = []

    def watched(**arguments: Any) -> Schedule:
        handed_on.append(dict(arguments["changes"].policies))
        return update_schedule(**arguments)

    monkeypatch.setattr(schedule_forms, "update_schedule", watched)
    schedule = make_schedule(workflow)
    change(root, schedule)
    change(root, schedule, **{name: TYPED[name]})
    assert handed_on == [{}, {name: STORED[name]}]


def test_renaming_a_paused_schedule_leaves_its_next_run_alone(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(workflow, trigger="cron", trigger_kwargs={"hour": 2})
    pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada")
    assert change(root, schedule, name="Renamed", resume_policy="run_once").status_code == 302
    schedule.refresh_from_db()
    assert (schedule.name, schedule.state, schedule.next_run_at) == ("Renamed", "paused", None)
    assert (schedule.pause_reason, schedule.paused_by) == ("upgrade", "ada")


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("misfire_policy", "run_twice", "not one of the available choices"),
        ("misfire_window_seconds", "-1", "greater than or equal to 0"),
        ("misfire_window_seconds", "2147483648", "less than or equal to 2147483647"),
        ("misfire_window_seconds", "a day", "whole number"),
        ("max_catchup_runs", "", "required"),
        ("max_catchup_runs", "0", "greater than or equal to 1"),
        ("max_catchup_runs", "1001", "less than or equal to 1000"),
        ("overlap_policy", "", "required"),
        ("concurrency_key", "product", "not one of the available choices"),
        ("resume_policy", "run_all", "not one of the available choices"),
        ("pause_after_failures", "0", "greater than or equal to 1"),
        ("pause_after_failures", "101", "less than or equal to 100"),
    ],
)
def test_a_wrong_policy_is_said_at_its_field_and_nothing_is_stored(
    root: Client, workflow: Workflow, field: str, text: str, message: str
) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1", **{field: text}))
    errors = errors_of(answer)
    assert errors.keys() == {field}
    assert message in errors[field][0]
    assert not Schedule.objects.exists()
    schedule = make_schedule(workflow)
    assert errors_of(change(root, schedule, **{field: text})).keys() == {field}
    assert Schedule.objects.get().version == 1


def test_what_only_the_service_refuses_is_said_at_its_field_too(
    root: Client, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rules._NUMBERS, "max_catchup_runs", (1, 5, False))
    errors = errors_of(root.post(ADD, typed(workflow=workflow.pk, interval_hours="1", max_catchup_runs="6")))
    assert errors == {"max_catchup_runs": ["'6' is no max_catchup_runs: give a number from 1 to 5"]}


def test_a_wrong_policy_does_not_stand_in_the_way_of_the_next_times(root: Client, workflow: Workflow) -> None:
    answer = root.post(f"{ADD}preview/", typed(interval_hours="6", max_catchup_runs="0")).json()
    assert answer["errors"] == {}
    assert "Every 6 hours" in answer["panel"]


def test_every_choice_is_explained_in_words(root: Client, db: None) -> None:
    page = read(root.get(ADD))
    for words in (
        "Run the latest of them",
        "Run each of them, the oldest first",
        "Run after it; up to 100 wait",
        "Abort that task, and run in its place",
        "Go on with the next time",
        "Empty: no limit",
        "A trigger of the kind date is never dropped",
    ):
        assert words in page


def test_whoever_may_only_look_sees_the_policies(login: Login, workflow: Workflow) -> None:
    schedule = make_schedule(workflow, misfire_window_seconds=4711, overlap_policy="queue_all")
    page = read(login("schedules.view_schedule").get(page_url(MODEL, schedule.pk)))
    assert "Queue All" in page
    assert "4711" in page
    assert 'name="overlap_policy"' not in page
