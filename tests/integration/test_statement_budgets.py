"""How many statements a firing and a task may cost: each is a round trip to PostgreSQL, and the limit of throughput.

Transaction control is not counted, except that a statement which PostgreSQL commits by itself needs none.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from schedules.firing import fire_due
from schedules.models import Firing, FiringOutcome
from tasks.deploys import save_version, version_of
from tasks.models import Task, TaskStatus
from tasks.queue import claim_queued
from tasks.runner import run_claimed
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_lease, make_schedule, make_step, make_task, make_workflow
from workflows.registry import get_definition

BATCH = 100

# Django writes to SQLite in groups of rows with at most 999 values together, hence the more; the rows that a turn moves
# on are one statement, which SQLite runs once for each.
FIRING_BUDGETS = {"postgresql": 0.08, "sqlite": 0.09}
# A claim, and for each of the three steps its record: one statement on PostgreSQL, two on SQLite.
TASK_BUDGETS = {"postgresql": 4, "sqlite": 7}
NEVER_MORE_PER_TASK = 8


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("trigger", "trigger_kwargs"),
    [("interval", {"seconds": 5}), ("cron", {"minute": "*/5"}), ("date", {"run_date": NOW.isoformat()})],
)
def test_statements_per_firing_of_a_batch(trigger: str, trigger_kwargs: dict[str, object]) -> None:
    workflow = make_workflow()
    since = NOW - timedelta(seconds=5)
    for _ in range(BATCH):
        make_schedule(
            workflow, trigger=trigger, trigger_kwargs=trigger_kwargs, planned_through=since, grid_start_at=since
        )
    with recorded_statements() as statements:
        fire_due(limit=BATCH, now=NOW)
    assert Firing.objects.filter(outcome=FiringOutcome.STARTED).count() == Task.objects.count() == BATCH
    assert len(statements) / BATCH <= FIRING_BUDGETS[connection.vendor], "\n".join(statements)


@pytest.mark.django_db
def test_statements_per_task_of_three_steps(django_capture_on_commit_callbacks: Any) -> None:
    task = make_task(make_workflow(make_step("The only one", lambda: None)))
    with django_capture_on_commit_callbacks(execute=True):  # a worker does that once, when it starts
        save_version(version_of(get_definition(task.workflow.name)))
    with recorded_statements() as statements:
        [claim] = claim_queued(make_lease(), limit=1)
        run_claimed(claim, clock=lambda: NOW)
    task.refresh_from_db()
    assert (task.status, task.steps.count()) == (TaskStatus.COMPLETED, 3)
    assert len(statements) <= TASK_BUDGETS[connection.vendor] <= NEVER_MORE_PER_TASK, "\n".join(statements)
