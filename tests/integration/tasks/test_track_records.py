"""How the latest tasks of workflows ended."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from tasks.models import Task, TaskStatus
from tasks.track_records import LATEST, TrackRecord, find_track_records
from tests.support.database import recorded_statements
from tests.support.factories import NOW, SECOND, make_task, make_workflow
from workflows.models import Workflow


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow()


def end(workflow: Workflow, at: datetime, *, status: TaskStatus = TaskStatus.COMPLETED, seconds: float = 1) -> Task:
    started_at = at - timedelta(seconds=seconds)
    return make_task(workflow, status=status, started_at=started_at, finished_at=at)


def record_of(workflow: Workflow) -> TrackRecord:
    return find_track_records(workflow_ids=[workflow.pk]).get(workflow.pk, TrackRecord())


def test_the_last_success_is_known_however_many_failed_since(workflow: Workflow) -> None:
    end(workflow, NOW - SECOND)
    success = end(workflow, NOW)
    for number in range(LATEST + 1):
        end(workflow, NOW + (number + 1) * SECOND, status=TaskStatus.FAILED)
    record = record_of(workflow)
    assert record.last_success is not None
    assert (record.last_success.task_id, record.last_success.finished_at) == (success.pk, NOW)
    assert (len(record.latest), record.succeeded, record.counted, record.success_rate) == (LATEST, 0, LATEST, 0)
    assert record.latest[0].finished_at == NOW + (LATEST + 1) * SECOND
    assert (record.median, record.slowest) == (None, None)


def test_a_workflow_without_tasks_has_no_record(workflow: Workflow) -> None:
    make_task(workflow, status=TaskStatus.RUNNING)
    record = record_of(workflow)
    assert (record.latest, record.last_success, record.success_rate, record.median) == ((), None, None, None)
    assert find_track_records(workflow_ids=[]) == {}


def test_aborted_tasks_say_nothing_of_success(workflow: Workflow) -> None:
    for status in (*[TaskStatus.COMPLETED] * 3, TaskStatus.INCONSISTENT_DATA, TaskStatus.ABORTED):
        end(workflow, NOW, status=status)
    record = record_of(workflow)
    assert (record.succeeded, record.counted, record.success_rate) == (3, 4, 0.75)
    assert len(record.latest) == 5


@pytest.mark.parametrize(
    ("lengths", "median", "slowest"),
    [([3], 3, 3), ([1, 2], 1, 2), ([4, 1, 3, 2], 2, 4), (list(range(1, 21)), 10, 19)],
)
def test_lengths_are_those_of_the_tasks_that_completed(
    workflow: Workflow, lengths: list[float], median: float, slowest: float
) -> None:
    for seconds in lengths:
        end(workflow, NOW, seconds=seconds)
    end(workflow, NOW, status=TaskStatus.FAILED, seconds=1_000)
    record = record_of(workflow)
    assert (record.median, record.slowest) == (timedelta(seconds=median), timedelta(seconds=slowest))


def test_the_records_of_many_workflows_need_one_statement_and_both_indexes(db: None) -> None:
    workflows = [make_workflow() for _ in range(50)]
    for workflow in workflows:
        end(workflow, NOW)
    with recorded_statements() as statements:
        records = find_track_records(workflow_ids=[workflow.pk for workflow in workflows])
    assert len(records) == 50
    [statement] = statements
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{explain} {statement}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "task_of_workflow" in plan
    assert "task_last_success" in plan
