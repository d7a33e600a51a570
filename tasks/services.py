"""Writing tasks: start, resume, abort, delete. Each is one transaction; workers write through `tasks.recording`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import F, QuerySet

from orchestrator_site.common.bulk import insert_rows, row_of
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue
from orchestrator_site.common.ids import new_id
from tasks.deploys import save_version, version_of
from tasks.executors import get_executor
from tasks.models import ENDED, Task, TaskStatus
from tasks.recording import take_callback_along
from tasks.resuming import plan_resumption
from tasks.selectors import get_task, lock_task
from tasks.starting import check_may_resume, check_may_start, check_predicate, clean_inputs, find_definition
from tasks.states import MOVES, RETRYABLE, IllegalTransition, NotRetryable
from workflows.models import Workflow
from workflows.selectors import get_task_workflow

log = structlog.get_logger(__name__)


RESUMED_FIELDS = (
    "status",
    "available_at",
    "version",
    "abort_requested_at",
    "finished_at",
    "failed_reason",
    "position",
    "revision",
    "steps_version",
    "answers",
)


class TaskNotEnded(Conflict):
    """Only what has ended can be deleted."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """What came of resuming one of many tasks; `problem` says why it was left as it is."""

    task_id: UUID
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """What one task is asked to be; `schedule_id` and `scheduled_for` say where it came from, if from a schedule.

    It waits for older tasks of its `concurrency_key`, unless it `may_overlap`; and while the engine is frozen, unless
    it `may_run_frozen`.
    """

    workflow_id: UUID
    task_id: UUID = field(default_factory=new_id)
    inputs: dict[str, Any] = field(default_factory=dict)
    schedule_id: UUID | None = None
    scheduled_for: datetime | None = None
    concurrency_key: UUID | None = None
    may_overlap: bool = False
    may_run_frozen: bool = False


def create_tasks(*, requests: Iterable[TaskRequest], actor: str, now: datetime) -> Sequence[Task]:
    """Put tasks on the queue, all with one statement, and wake the workers when the transaction commits."""
    blank = row_of(Task(reporter=actor, created_at=now, available_at=now))
    rows = [{**blank, **_columns_of(request)} for request in requests]
    # By place, in the order of the columns: by name, making the objects would be a fifth of a turn.
    make: Callable[..., Task] = Task
    tasks = [make(*row.values()) for row in rows]
    if tasks:
        with write_transaction():
            insert_rows(Task, rows)
            get_executor().enqueue(tasks)
    return tasks


def _columns_of(request: TaskRequest) -> dict[str, Any]:
    return {
        "id": request.task_id,
        "workflow_id": request.workflow_id,
        "inputs": request.inputs,
        "schedule_id": request.schedule_id,
        "scheduled_for": request.scheduled_for,
        "concurrency_key": request.concurrency_key,
        "may_overlap": request.may_overlap,
        "may_run_frozen": request.may_run_frozen,
    }


def start_task(*, workflow: Workflow, inputs: dict[str, Any], actor: str, user: Any = None) -> Task:
    """Put one task on the queue, by hand.

    Args:
        workflow: What it runs.
        inputs: What its first state is to hold.
        actor: Who starts it, as it is recorded.
        user: Whom the workflow is asked about; None for the system itself, which may.

    Raises:
        NotAuthorized: The workflow does not let this user start it.
        InvalidValue, InvalidFields: No task can start with these inputs.
        StartRefused: The workflow refuses a start now.
    """
    definition = find_definition(workflow.name)
    check_may_start(definition, user)
    cleaned = clean_inputs(workflow.name, inputs)
    check_predicate(definition, inputs=cleaned, actor=actor)
    request = TaskRequest(workflow_id=workflow.pk, inputs=cleaned)
    [task] = create_tasks(requests=[request], actor=actor, now=database_now())
    log.info("task_created", task_id=str(task.pk), workflow=workflow.name, actor=actor)
    return task


def start_process(workflow_name: str, inputs: dict[str, Any] | None = None, *, actor: str = "SYSTEM") -> UUID:
    """Start a task workflow by its name, from code, and return the task's id.

    Raises:
        WorkflowNotFound: There is no workflow of that name.
        WorkflowMismatch: It is not a task workflow.
        InvalidValue, InvalidFields, StartRefused: As for `start_task`.
    """
    workflow = get_task_workflow(name=workflow_name)
    return start_task(workflow=workflow, inputs=inputs or {}, actor=actor).pk


def resume_task(
    *,
    task_id: UUID,
    actor: str,
    user: Any = None,
    inputs: dict[str, Any] | None = None,
    resume_at: str | None = None,
) -> Task:
    """Put a task that stopped back on the queue; it goes on at the first step that has not passed.

    Args:
        task_id: Which one.
        actor: Who resumes it, as it is recorded.
        user: Whom the workflow is asked about; None for the system itself, which may.
        inputs: Answers to the form of the step at which it is suspended.
        resume_at: The step at which it is to go on, by its name: for a task whose steps were changed.

    Raises:
        TaskNotFound: No task has this id.
        IllegalTransition: It is running, queued, completed or aborted.
        NotAuthorized: The workflow does not let this user resume it.
        InvalidValue, InvalidFields: The answers, or the step, cannot be used.
        StepsChanged: Its steps were changed, and nobody said where it is to go on.
        FormBroken: A form of the workflow cannot be used, so that its steps cannot be told from others.
    """
    _put_back(task_id, check=_refuse_unless_stopped, actor=actor, user=user, inputs=inputs, resume_at=resume_at)
    return get_task(task_id)


def retry_task(
    *,
    task_id: UUID,
    actor: str,
    user: Any = None,
    inputs: dict[str, Any] | None = None,
    resume_at: str | None = None,
) -> Task:
    """Resume a task that failed, or that waits to be tried again; what it takes and raises is as for `resume_task`.

    Raises:
        NotRetryable: Its status is another one.
    """
    _put_back(task_id, check=_refuse_unless_retryable, actor=actor, user=user, inputs=inputs, resume_at=resume_at)
    return get_task(task_id)


def resume_tasks(*, tasks: QuerySet[Task], actor: str, user: Any = None, is_dry_run: bool = False) -> list[Resumption]:
    """Resume many tasks, each in a transaction of its own; one that cannot go on does not stop the others.

    What stopped is resumed; suspended tasks need answers, and stay. A dry run says what would come of it, and writes
    nothing.
    """
    results = []
    for task_id in tasks.order_by("id").values_list("id", flat=True):
        try:
            _put_back(task_id, check=_refuse_unless_stopped, actor=actor, user=user, is_dry_run=is_dry_run)
        except (Conflict, InvalidValue, Forbidden) as error:
            results.append(Resumption(task_id, str(error)))
        else:
            results.append(Resumption(task_id))
    return results


def _put_back(
    task_id: UUID,
    *,
    check: Callable[[TaskStatus], None],
    actor: str,
    user: Any,
    inputs: dict[str, Any] | None = None,
    resume_at: str | None = None,
    is_dry_run: bool = False,
) -> None:
    """Put a task back on the queue if `check` lets its status pass, and its workflow the user and the answers."""
    now = database_now()
    with write_transaction():
        task = lock_task(task_id)
        check(TaskStatus(task.status))
        definition = find_definition(task.workflow.name)
        check_may_resume(definition, user)
        resumed = plan_resumption(task, definition, inputs=inputs, resume_at=resume_at)
        if is_dry_run:
            return
        if definition is not None and resumed.revision != task.revision:
            save_version(version_of(definition))
        if resumed.awaits_callback:
            take_callback_along(task_id, (task.revision, task.position), (resumed.revision, resumed.position))
        task.status, task.available_at, task.version = TaskStatus.RESUMED, now, task.version + 1
        task.abort_requested_at = task.finished_at = None
        task.failed_reason = ""
        task.position, task.revision = resumed.position, resumed.revision
        task.steps_version, task.answers = resumed.steps_version, resumed.answers
        task.save(update_fields=RESUMED_FIELDS)
        get_executor().enqueue([task])
    log.info("task_resumed", task_id=str(task_id), actor=actor, resume_at=resume_at)


def _refuse_unless_stopped(status: TaskStatus) -> None:
    if status == TaskStatus.RUNNING or TaskStatus.RESUMED not in MOVES[status]:
        raise IllegalTransition(status, TaskStatus.RESUMED)


def _refuse_unless_retryable(status: TaskStatus) -> None:
    if status not in RETRYABLE:
        raise NotRetryable(status)


def abort_task(*, task_id: UUID, actor: str) -> Task:
    """End a task: at once when it is idle, before its next step when it is running.

    Raises:
        TaskNotFound: No task has this id.
        IllegalTransition: It is completed or aborted.
    """
    now = database_now()
    with write_transaction():
        task = lock_task(task_id)
        if TaskStatus.ABORTED not in MOVES[TaskStatus(task.status)]:
            raise IllegalTransition(task.status, TaskStatus.ABORTED)
        _abort(task, now=now, reason=f"aborted by {actor}")
        task = get_task(task_id)
    log.info("task_abort_requested", task_id=str(task_id), actor=actor)
    return task


def cancel_tasks(*, reasons: Mapping[UUID, str], now: datetime) -> None:
    """Abort tasks for the reasons given, as `abort_task` does; those that have ended meanwhile stay as they are."""
    with write_transaction():
        # In the order of their ids: whoever locks several does.
        tasks = Task.objects.filter(pk__in=list(reasons)).exclude(status__in=ENDED).order_by("id")
        for task in tasks.select_for_update(no_key=True):
            _abort(task, now=now, reason=reasons[task.pk])
            log.info("task_abort_requested", task_id=str(task.pk), reason=reasons[task.pk])


def _abort(task: Task, *, now: datetime, reason: str) -> None:
    """Abort a task that is locked: at once, or when it runs, before its next step."""
    changed: dict[str, Any] = {"abort_requested_at": now}
    if task.status != TaskStatus.RUNNING:
        changed = {
            "status": TaskStatus.ABORTED,
            "available_at": None,
            "finished_at": now,
            "failed_reason": reason,
        }
    Task.objects.filter(pk=task.pk).update(**changed, version=F("version") + 1)
    get_executor().cancel(task)


def delete_task(*, task_id: UUID, actor: str) -> Task:
    """Delete a task that has ended, with its steps, and return what it was; firings that name it stay.

    Raises:
        TaskNotFound: No task has this id.
        TaskNotEnded: It has not ended: abort it first.
    """
    task = get_task(task_id)
    with write_transaction():
        gone = lock_task(task_id)
        if gone.status not in ENDED:
            raise TaskNotEnded(f"a task that is {gone.status} cannot be deleted: abort it first")
        gone.delete()
    log.info("task_deleted", task_id=str(task_id), workflow=task.workflow.name, actor=actor)
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
