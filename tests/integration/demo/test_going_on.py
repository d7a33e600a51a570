"""What happens after the demo has been loaded: real schedulers, workers and people take over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator_site.common.clock import database_now
from orchestrator_site.demo import names
from orchestrator_site.demo.loading import load_demo
from schedules.firing import fire_due
from schedules.liveness import Pulse
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, SchedulerOutage
from tasks.models import CLAIMABLE, Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.services import resume_task
from tests.support.factories import SECOND, make_lease

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_on", "quick_network")]


def the_task(key: str, status: TaskStatus) -> Task:
    return Task.objects.get(schedule_id=names.schedule_id_of(key), status=status)


def resume(task: Task, **options: Any) -> Task:
    """Resume a task, and run it as a worker of now does."""
    resume_task(task_id=task.pk, actor="ada", **options)
    return run(task)


def run(task: Task) -> Task:
    claim = claim_task(make_lease(now=database_now()), task_id=task.pk)
    assert claim is not None
    run_claimed(claim, clock=database_now)
    task.refresh_from_db()
    return task


def test_what_stopped_goes_on_when_it_is_resumed_and_what_is_going_on_comes_to_its_end() -> None:
    now = database_now()
    load_demo(now=now)
    failed = the_task(names.NIGHTLY_VALIDATION, TaskStatus.API_UNAVAILABLE), the_task(names.BACKUP, TaskStatus.FAILED)
    for task in failed:
        passed = task.position
        assert resume(task).status == TaskStatus.COMPLETED
        assert task.steps.filter(position=passed).count() == 2  # it went on at the step that had failed
        assert task.steps.filter(position=0).count() == 1

    suspended = the_task(names.MOVE_UTRECHT, TaskStatus.SUSPENDED)
    assert resume(suspended, inputs={"change": "CHG-2050", "window": "now"}).status == TaskStatus.COMPLETED
    assert "NL-UTR-0231 to utrecht-edge-1" in suspended.steps.get(name="Move the line").state["moved"]

    going_on = Task.objects.get(status__in=CLAIMABLE, workflow__name="task_demo_back_up_configurations")
    assert timedelta(0) <= now - going_on.created_at <= timedelta(minutes=1)
    assert run(going_on).status == TaskStatus.COMPLETED


def test_schedulers_go_on_without_a_storm() -> None:
    now = datetime(2026, 11, 27, 14, 52, tzinfo=UTC)  # no task is on the queue but the backup
    load_demo(now=now)
    before, outages = Firing.objects.count(), SchedulerOutage.objects.count()
    Pulse(lambda: now + SECOND).tick()
    assert SchedulerOutage.objects.count() == outages
    next_run_at = Schedule.objects.filter(next_run_at__isnull=False).earliest("next_run_at").next_run_at
    assert next_run_at is not None
    fire_due(limit=500, now=next_run_at - SECOND)
    assert Firing.objects.count() == before
    turn = fire_due(limit=500, now=next_run_at)
    new = Firing.objects.filter(scheduled_for=next_run_at)
    assert turn.instants == turn.decided == len(new) == Firing.objects.count() - before >= 1
    assert {(each.cause, each.outcome) for each in new} == {(FiringCause.SCHEDULE, FiringOutcome.STARTED)}
