"""The initial schedules, described to somebody who has not loaded them yet."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from schedules import initial
from schedules.initial import INITIAL_SCHEDULES, InitialSchedule, describe_initial_schedules
from schedules.models import Schedule
from tests.support.database import recorded_statements
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]


def test_each_says_when_it_runs_and_what_it_is_good_for() -> None:
    described = {each.name: each for each in describe_initial_schedules()}
    assert {name: each.trigger for name, each in described.items()} == {
        "Task Resume Workflows": "Every hour",
        "Task Clean Up Tasks": "Every 6 hours",
        "Task Validate Subscriptions": "At 00:10 every day, UTC",
        "Task Validate Products": "At 02:30 every day, UTC",
        "Task Validate Awaiting Callbacks": "Every 30 seconds",
    }
    assert all(each.purpose.endswith(".") and not each.problem for each in described.values())
    assert described["Task Clean Up Tasks"].workflow_name == "task_clean_up_tasks"
    assert not Schedule.objects.exists()


def test_those_that_were_loaded_are_told() -> None:
    assert not any(each.is_present for each in describe_initial_schedules())
    call_command("scheduler", "load-initial-schedule")
    Schedule.objects.filter(name="Task Clean Up Tasks").delete()
    absent = [each.name for each in describe_initial_schedules() if not each.is_present]
    assert absent == ["Task Clean Up Tasks"]


def test_what_keeps_one_from_being_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    zoned = InitialSchedule("Zoned", "task_sync_from", "cron", {"hour": 3, "timezone": "Europe/Amsterdam"})
    wrong = InitialSchedule("Wrong", "task_sync_from", "interval", {"hour": 1})
    unknown = InitialSchedule("Unknown", "task_nowhere", "interval", {"hours": 1})
    monkeypatch.setattr(initial, "INITIAL_SCHEDULES", (zoned, wrong, unknown))
    good, badly_declared, without_workflow = describe_initial_schedules()
    assert (good.trigger, good.problem) == ("At 03:00 every day, Europe/Amsterdam", "")
    assert good.purpose == Workflow.objects.get(name="task_sync_from").description
    assert badly_declared.problem.startswith("unknown argument 'hour'")
    assert without_workflow.problem == "Workflow 'task_nowhere' not found."


def test_an_app_whose_module_fails_hides_no_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_after_ours() -> Iterator[InitialSchedule]:
        yield from INITIAL_SCHEDULES
        raise SystemExit("the module of an app ends the process")

    monkeypatch.setattr(initial, "all_initial_schedules", fail_after_ours)
    assert len(describe_initial_schedules()) == len(INITIAL_SCHEDULES)


def test_describing_takes_two_statements() -> None:
    with recorded_statements() as statements:
        describe_initial_schedules()
    assert len(statements) == 2
