"""A process is killed at every statement and every commit of a turn and of a task; the next one puts it right."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models

from schedules.jobstore import ScheduleJobStore
from schedules.models import Firing, Schedule, SchedulerOutage, SchedulerPulse
from tasks.models import Task, TaskStep
from tasks.queue import Lease, claim_orphaned, claim_queued
from tasks.runner import run_claimed
from tests.process.conftest import MakeFaultWorkflow
from tests.support.factories import make_schedule, make_task
from tests.support.failpoints import walk_failpoints
from tests.support.wait import wait_for
from tests.support.witness import reconcile

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
PERIOD = timedelta(minutes=1)
LEASE_SECONDS = 30
PER_KIND = 3

# Places there are at least, so that a walk that ends too early is found out: two for each statement and commit.
PLACES_IN_TURN = {"postgresql": 24, "sqlite": 26}
PLACES_IN_TASK = {"postgresql": 12, "sqlite": 40}


@pytest.fixture(autouse=True)
def _empty_tables(transactional_db: None) -> None:
    """Let each round begin on tables that hold nothing but what it put there."""


def forget_round(witness: Path) -> None:
    kept: tuple[type[models.Model], ...] = (TaskStep, Task, Firing, Schedule, SchedulerOutage, SchedulerPulse)
    for model in kept:
        model._default_manager.all().delete()
    witness.write_text("")


def take_turn() -> None:
    ScheduleJobStore(batch_size=250, clock=lambda: NOW).get_due_jobs(NOW)


def has_fired_all() -> bool:
    """Take a turn; tell whether nothing is due any more."""
    take_turn()
    return not Schedule.objects.filter(next_run_at__lte=NOW).exists()


def run_tasks(worker: str, now: datetime) -> None:
    """Run all that can be claimed as of `now`: what another worker left behind, then what is queued."""
    lease = Lease(worker, now, LEASE_SECONDS)
    for claim in [*claim_orphaned(lease, limit=100), *claim_queued(lease, limit=100)]:
        run_claimed(claim, clock=lambda: now)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("missed", "schedulers_seen_at"),
    [(0, NOW - timedelta(seconds=1)), (4, NOW - 4.5 * PERIOD)],
    ids=["on time", "after an outage"],
)
def test_a_turn_killed_anywhere_loses_and_doubles_nothing(
    witness: Path, fault_workflow: MakeFaultWorkflow, missed: int, schedulers_seen_at: datetime
) -> None:
    workflow = fault_workflow("task_one_step")
    first = NOW - missed * PERIOD
    kinds: dict[str, dict[str, Any]] = {
        "interval": {"seconds": PERIOD.total_seconds()},
        "cron": {"minute": "*"},
        "date": {"run_date": first.isoformat()},
    }

    def prepare() -> None:
        forget_round(witness)
        SchedulerPulse.objects.create(last_tick_at=schedulers_seen_at)
        since = first - PERIOD
        for trigger, kwargs in [*kinds.items()] * PER_KIND:
            make_schedule(
                workflow,
                name=f"by {trigger}",
                trigger=trigger,
                trigger_kwargs=kwargs,
                next_run_at=first,
                planned_through=since,
                grid_start_at=since,
            )

    def recover() -> None:
        # PostgreSQL may take a moment to notice that whoever held the rows is dead.
        wait_for(has_fired_all, describe="all schedules fired")
        run_tasks("a worker", NOW)
        evidence = reconcile(witness, until=NOW)
        assert len(evidence.sightings) == len(evidence.tasks) == len(kinds) * PER_KIND
        assert len(evidence.firings) == PER_KIND * (2 * (missed + 1) + 1)

    places = walk_failpoints(take_turn, prepare=prepare, recover=recover)
    assert places >= PLACES_IN_TURN[connection.vendor]


@pytest.mark.timeout(120)
def test_a_task_killed_anywhere_goes_on_after_its_last_recorded_step(
    witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    workflow = fault_workflow("task_three_steps")

    def prepare() -> None:
        forget_round(witness)
        make_task(workflow, now=NOW)

    def recover() -> None:
        run_tasks("the second worker", NOW + timedelta(seconds=LEASE_SECONDS + 1))
        evidence = reconcile(witness, until=NOW)
        assert [step.name for step in evidence.steps] == ["Start", "First", "Second", "Third", "Done"]

    places = walk_failpoints(lambda: run_tasks("the first worker", NOW), prepare=prepare, recover=recover)
    assert places >= PLACES_IN_TASK[connection.vendor]
