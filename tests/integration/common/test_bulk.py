"""Inserting many rows, and updating many, each to values of its own."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from orchestrator_site.common.bulk import insert_rows, row_of, update_rows
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState
from tasks.models import Task, TaskStatus
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW, make_schedule, make_task, make_workflow

pytestmark = pytest.mark.django_db

COLUMNS = ("next_run_at", "state", "state_reason", "version")


def values_of(schedule: Schedule) -> tuple[Any, ...]:
    return tuple(Schedule.objects.values_list(*COLUMNS).get(pk=schedule.pk))


def test_every_row_gets_its_own_values_and_no_other_row_any() -> None:
    first, second, other = make_schedule(), make_schedule(), make_schedule()
    untouched = Schedule.objects.values().get(pk=other.pk)
    update_rows(
        Schedule,
        COLUMNS,
        {
            first.pk: (NOW + HOUR, ScheduleState.ACTIVE, "", 2),
            second.pk: (None, ScheduleState.BROKEN, "quotes ' \" {} % and ü, NULL", 3),
        },
    )
    assert values_of(first) == (NOW + HOUR, "active", "", 2)
    assert values_of(second) == (None, "broken", "quotes ' \" {} % and ü, NULL", 3)
    assert Schedule.objects.values().get(pk=other.pk) == untouched


def test_microseconds_and_zone_are_kept() -> None:
    schedule = make_schedule()
    moment = NOW.replace(microsecond=123_456)
    update_rows(Schedule, ["next_run_at"], {schedule.pk: [moment]})
    assert Schedule.objects.get().next_run_at == moment


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("inputs", {"node": "nl-1", "ports": [1, None, "ü"]}),
        ("schedule_id", uuid4()),
        ("position", 7),
        ("failed_reason", "no answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_column_of_each_type_reads_back_as_it_was_written(column: str, value: object) -> None:
    task = make_task()
    update_rows(Task, [column], {task.pk: [value]})
    assert getattr(Task.objects.get(), column) == value


def test_a_row_that_is_gone_is_passed_over() -> None:
    task = make_task()
    update_rows(Task, ["position"], {uuid4(): [1], task.pk: [2]})
    assert Task.objects.get().position == 2


def test_nothing_to_update_is_no_statement() -> None:
    with recorded_statements() as statements:
        update_rows(Task, ["position"], {})
    assert statements == []


def test_a_thousand_rows_are_one_statement() -> None:
    workflow = make_workflow()
    tasks = Task.objects.bulk_create(
        Task(workflow=workflow, reporter="a test", created_at=NOW, available_at=NOW) for _ in range(1000)
    )
    with recorded_statements() as statements:
        update_rows(Task, ["position"], {task.pk: [n] for n, task in enumerate(tasks)})
    assert len(statements) == 1
    assert dict(Task.objects.values_list("pk", "position")) == {task.pk: n for n, task in enumerate(tasks)}


@pytest.mark.parametrize("spoil", [lambda: {"status": "dreaming"}, lambda: {"status": TaskStatus.RUNNING}])
def test_the_constraints_of_the_table_hold(spoil: Callable[[], dict[str, str]]) -> None:
    [(column, value)] = spoil().items()
    task = make_task()
    with pytest.raises(IntegrityError):
        update_rows(Task, [column], {task.pk: [value]})


def test_a_row_with_a_value_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        update_rows(Task, ["position", "version"], {uuid4(): [1]})


TEXTS = ["quotes ' \" \\\\ {} % and ü, NULL", "", "two\nlines", "\\N"]


def new_task(**fields: Any) -> Task:
    return Task(workflow=make_workflow(), reporter="a test", created_at=NOW, available_at=NOW, **fields)


def test_inserted_rows_read_back_as_they_were() -> None:
    inputs = {"nested": {"list": [1, 2.5, None, True, "ü"]}, "empty": {}, "text": TEXTS}
    tasks = [new_task(inputs=inputs, failed_reason=text, concurrency_key=uuid4()) for text in TEXTS]
    tasks.append(new_task())
    assert set(insert_rows(Task, [row_of(task) for task in tasks])) == {task.pk for task in tasks}
    for task in tasks:
        stored = Task.objects.get(pk=task.pk)
        for field in Task._meta.concrete_fields:
            assert getattr(stored, field.attname) == getattr(task, field.attname), field.name


def test_a_row_that_is_forbidden_is_left_out_only_when_that_is_asked_for() -> None:
    there = new_firing()
    insert_rows(Firing, [row_of(there)])
    again, other = new_firing(schedule_id=there.schedule_id), new_firing()
    assert set(insert_rows(Firing, [row_of(again), row_of(other)], skips_conflicts=True)) == {other.pk}
    assert set(Firing.objects.values_list("pk", flat=True)) == {there.pk, other.pk}
    with pytest.raises(IntegrityError):
        insert_rows(Firing, [row_of(new_firing(schedule_id=there.schedule_id))])


def new_firing(**fields: Any) -> Firing:
    defaults = {"schedule_id": uuid4(), "schedule_name": "Nightly", "scheduled_for": NOW, "decided_at": NOW}
    return Firing(due_at=NOW, lateness_ms=0, outcome=FiringOutcome.STARTED, **(defaults | fields))


def test_no_rows_are_no_statement() -> None:
    with recorded_statements() as statements:
        assert not insert_rows(Task, [])
    assert statements == []
