"""Writing tasks: start, resume, abort. Each is one transaction; workers write through `tasks.queue`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import F

from orchestrator_site.common.bulk import insert_rows, row_of
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.ids import new_id
from tasks.executors import get_executor
from tasks.models import Task, TaskStatus
from tasks.selectors import get_task
from tasks.states import IllegalTransition, sources_of
from workflows.models import Workflow
from workflows.selectors import get_task_workflow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """What one task is asked to be; `schedule_id` and `scheduled_for` say where it came from, if from a schedule."""

    workflow_id: UUID
    task_id: UUID = field(default_factory=new_id)
    inputs: dict[str, Any] = field(default_factory=dict)
    schedule_id: UUID | None = None
    scheduled_for: datetime | None = None
    concurrency_key: UUID | None = None


def create_tasks(*, requests: Iterable[TaskRequest], actor: str, now: datetime) -> Sequence[Task]:
    """Put tasks on the queue, all with one statement, and wake the workers when the transaction commits."""
    tasks = [
        Task(
            id=request.task_id,
            workflow_id=request.workflow_id,
            inputs=request.inputs,
            schedule_id=request.schedule_id,
            scheduled_for=request.scheduled_for,
            concurrency_key=request.concurrency_key,
            reporter=actor,
            created_at=now,
            available_at=now,
        )
        for request in requests
    ]
    if tasks:
        with write_transaction():
            insert_rows(Task, [row_of(task) for task in tasks])
            get_executor().enqueue(tasks)
    return tasks


def start_task(*, workflow: Workflow, inputs: dict[str, Any], actor: str) -> Task:
    """Put one task on the queue, by hand."""
    request = TaskRequest(workflow_id=workflow.pk, inputs=inputs)
    [task] = create_tasks(requests=[request], actor=actor, now=database_now())
    log.info("task_created", task_id=str(task.pk), workflow=workflow.name, actor=actor)
    return task


def start_process(workflow_name: str, inputs: dict[str, Any] | None = None, *, actor: str = "SYSTEM") -> UUID:
    """Start a task workflow by its name, from code, and return the task's id.

    Raises:
        WorkflowNotFound: There is no workflow of that name.
        WorkflowMismatch: It is not a task workflow.
    """
    workflow = get_task_workflow(name=workflow_name)
    return start_task(workflow=workflow, inputs=inputs or {}, actor=actor).pk


def resume_task(*, task_id: UUID, actor: str) -> Task:
    """Put a task that stopped back on the queue; it goes on at the first step that has not passed.

    Raises:
        TaskNotFound: No task has this id.
        IllegalTransition: It is running, queued, completed or aborted.
    """
    now = database_now()
    with write_transaction():
        resumed = Task.objects.filter(pk=task_id, status__in=sources_of(TaskStatus.RESUMED)).exclude(
            status=TaskStatus.RUNNING  # only its own worker puts a running task back
        )
        changed = resumed.update(
            status=TaskStatus.RESUMED,
            available_at=now,
            abort_requested_at=None,
            finished_at=None,
            failed_reason="",
            version=F("version") + 1,
        )
        task = get_task(task_id)
        if not changed:
            raise IllegalTransition(task.status, TaskStatus.RESUMED)
        get_executor().enqueue([task])
    log.info("task_resumed", task_id=str(task_id), actor=actor)
    return task


def abort_task(*, task_id: UUID, actor: str) -> Task:
    """End a task: at once when it is idle, before its next step when it is running.

    Raises:
        TaskNotFound: No task has this id.
        IllegalTransition: It is completed or aborted.
    """
    now = database_now()
    with write_transaction():
        idle = Task.objects.filter(pk=task_id, status__in=sources_of(TaskStatus.ABORTED)).exclude(
            status=TaskStatus.RUNNING
        )
        reason = f"aborted by {actor}"
        changed = idle.update(
            status=TaskStatus.ABORTED,
            available_at=None,
            finished_at=now,
            failed_reason=reason,
            version=F("version") + 1,
        )
        if not changed:
            running = Task.objects.filter(pk=task_id, status=TaskStatus.RUNNING)
            changed = running.update(abort_requested_at=now, version=F("version") + 1)
        task = get_task(task_id)
        if not changed:
            raise IllegalTransition(task.status, TaskStatus.ABORTED)
        get_executor().cancel(task)
    log.info("task_abort_requested", task_id=str(task_id), actor=actor)
    return task


def delete_completed_tasks(*, finished_before: datetime, batch_size: int = 1000) -> int:
    """Delete tasks that completed before a moment, with their steps, a batch a transaction; returns how many."""
    total = 0
    while True:
        with write_transaction():
            old = Task.objects.filter(status=TaskStatus.COMPLETED, finished_at__lt=finished_before)
            ids = list(old.order_by("finished_at").values_list("pk", flat=True)[:batch_size])
            Task.objects.filter(pk__in=ids).delete()
        total += len(ids)
        if len(ids) < batch_size:
            return total
