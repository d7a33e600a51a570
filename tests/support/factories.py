"""Rows for integration tests, by plain functions; each gives a row that the constraints accept."""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

from schedules.models import Schedule, ScheduleState, ScheduleWorkflow
from schedules.triggers import TriggerError
from tasks.models import CLAIMABLE, ENDED, StepStatus, Task, TaskCallback, TaskStatus, TaskStep
from tasks.queue import Claim, Lease, claim_queued
from tasks.runner import run_claimed
from workflows.engine import Step, StepList, Target, done, init, step, workflow
from workflows.models import Product, ProductWorkflow, Subscription, SubscriptionStatus, Workflow
from workflows.registry import ALL_WORKFLOWS, LazyWorkflowInstance

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LEASE_SECONDS = 30

# The module in which the code of the tests' workflows lives, so that the registry imports it as it does any other.
_CODE = ModuleType("tests_workflow_code")
sys.modules[_CODE.__name__] = _CODE


def make_step(name: str, function: Callable[..., Any]) -> Step:
    return step(name)(function)


def make_workflow(
    *steps: Step,
    name: str | None = None,
    target: Target = Target.SYSTEM,
    has_code: bool = True,
    options: dict[str, Any] | None = None,
    **fields: Any,
) -> Workflow:
    """Store a workflow and register its code: Start, `steps`, Done, with the `options` of `@workflow`."""
    name = name or f"task_{uuid4().hex[:12]}"
    if has_code:
        register_code(name, steps, target=target, **(options or {}))
    return Workflow.objects.create(name=name, target=target.value, is_task=target is Target.SYSTEM, **fields)


def register_code(name: str, steps: Iterable[Step] = (), *, target: Target = Target.SYSTEM, **options: Any) -> None:
    """Give a workflow code, in place of what it had; the fixture `registry` takes it away after the test.

    The options are those of `@workflow`: a form, a predicate and the like.
    """

    def build() -> StepList:
        return init >> StepList(steps) >> done

    build.__name__ = name
    setattr(_CODE, name, workflow(f"Test {name}", target=target, **options)(build))
    ALL_WORKFLOWS.pop(name, None)
    LazyWorkflowInstance(_CODE.__name__, name)


def make_product(*workflows: Workflow, name: str | None = None, **fields: Any) -> Product:
    """Store an active product with its workflows."""
    product = Product.objects.create(name=name or f"Product {uuid4().hex[:12]}", **fields)
    ProductWorkflow.objects.bulk_create(ProductWorkflow(product=product, workflow=each) for each in workflows)
    return product


def make_complete_product(name: str, **fields: Any) -> Product:
    """Store a product with a workflow for each target that one has to have: `create_port`, `modify_port`, …"""
    targets = (Target.CREATE, Target.MODIFY, Target.TERMINATE, Target.VALIDATE)
    suffix = name.lower().replace(" ", "_")
    workflows = [make_workflow(name=f"{target.lower()}_{suffix}", target=target) for target in targets]
    return make_product(*workflows, name=name, **fields)


def make_subscription(product: Product | None = None, **fields: Any) -> Subscription:
    """Store a subscription: active and in sync, unless a status or a reason says otherwise."""
    has_reason = "out_of_sync_reason" in fields
    defaults: dict[str, Any] = {
        "status": SubscriptionStatus.ACTIVE,
        "insync": not has_reason,
        "out_of_sync_since": NOW if has_reason else None,
        "end_date": NOW if fields.get("status") == SubscriptionStatus.TERMINATED else None,
    }
    return Subscription.objects.create(product=product or make_product(), **{**defaults, **fields})


def make_task(
    workflow: Workflow | None = None, *, status: TaskStatus = TaskStatus.CREATED, now: datetime = NOW, **fields: Any
) -> Task:
    """Store a task: with a lease of 30 s if it runs, available now if it is queued, finished now if it has ended."""
    has_run = status != TaskStatus.CREATED
    defaults: dict[str, Any] = {
        "reporter": "a test",
        "created_at": now,
        "attempt": 1 if has_run else 0,
        "started_at": now if has_run else None,
        "available_at": now if status in CLAIMABLE else None,
        "lease_expires_at": now + timedelta(seconds=LEASE_SECONDS) if status == TaskStatus.RUNNING else None,
        "worker": "other worker" if status == TaskStatus.RUNNING else "",
        "finished_at": now if status in ENDED else None,
    }
    return Task.objects.create(workflow=workflow or make_workflow(), status=status, **{**defaults, **fields})


def make_task_step(task: Task, **fields: Any) -> TaskStep:
    """Store the first step of a task, passed."""
    return TaskStep.objects.create(**step_fields(task, **fields))


def step_fields(task: Task, **fields: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "task": task,
        "position": 0,
        "attempt": 1,
        "name": "Start",
        "status": StepStatus.SUCCESS,
        "started_at": NOW,
        "completed_at": NOW + SECOND,
    }
    return {**defaults, **fields}


def make_callback(task: Task, **fields: Any) -> TaskCallback:
    """Store what a task awaits at the step at which it stands; nobody knows its token."""
    defaults = {"revision": task.revision, "position": task.position, "token_hash": uuid4().hex, "created_at": NOW}
    return TaskCallback.objects.create(task=task, **{**defaults, **fields})


def make_lease(*, worker: str = "worker", now: datetime = NOW, seconds: float = LEASE_SECONDS) -> Lease:
    return Lease(worker=worker, now=now, seconds=seconds)


def make_claim(task: Task | None = None, *, worker: str = "worker", now: datetime = NOW) -> Claim:
    """Claim the only task on the queue; a new one if none is given."""
    task = task or make_task(now=now)
    [claim] = claim_queued(make_lease(worker=worker, now=now), limit=100)
    assert claim.task_id == task.pk
    return claim


def run_until_it_stops(task: Task, *, now: datetime | None = None) -> Task:
    """Run the only task on the queue as a worker does, all of it at one moment: when it became available."""
    moment = now or task.available_at
    assert moment is not None, "it is not on the queue"
    run_claimed(make_claim(task, now=moment), clock=lambda: moment)
    task.refresh_from_db()
    return task


def make_schedule(
    workflow: Workflow | None = None,
    *,
    trigger: str = "interval",
    trigger_kwargs: dict[str, Any] | None = None,
    next_run_at: datetime | None = NOW,
    **fields: Any,
) -> Schedule:
    """Store a schedule as it is, without asking its trigger; by default an hourly one that is due now."""
    moment = next_run_at or NOW
    defaults: dict[str, Any] = {
        "name": "Nightly",
        "timezone": "UTC",
        "state": ScheduleState.FINISHED if next_run_at is None else ScheduleState.ACTIVE,
        "state_since": moment - HOUR,
        "planned_through": moment - SECOND,
        "grid_start_at": moment,
        "created_at": moment - HOUR,
        "created_by": "a test",
        "updated_at": moment - HOUR,
        "updated_by": "a test",
    }
    schedule = Schedule(
        trigger=trigger,
        trigger_kwargs={"hours": 1} if trigger_kwargs is None else trigger_kwargs,
        next_run_at=next_run_at,
        **{**defaults, **fields},
    )
    schedule.trigger_text = schedule.trigger_text or _describe_trigger(schedule)
    schedule.save(force_insert=True)
    ScheduleWorkflow.objects.create(schedule=schedule, workflow=workflow or make_workflow())
    return schedule


def make_paused_schedule(workflow: Workflow | None = None, *, until: datetime | None = None, **fields: Any) -> Schedule:
    """Store a schedule that Ada paused at NOW, or an hour before an earlier `until`; it runs an hour after that."""
    since = NOW if until is None else min(NOW, until - HOUR)
    defaults: dict[str, Any] = {
        "state": ScheduleState.PAUSED,
        "state_since": since,
        "paused_at": since,
        "paused_by": "ada",
        "pause_reason": "Maintenance",
        "paused_until": until,
        "planned_through": since - SECOND,
        "grid_start_at": since,
    }
    next_run_at = None if until is None else until + HOUR
    return make_schedule(workflow, next_run_at=next_run_at, **{**defaults, **fields})


def _describe_trigger(schedule: Schedule) -> str:
    """Return the trigger in full as the services store it; a broken one was described while it was whole."""
    try:
        return str(schedule.trigger_rule)
    except TriggerError:
        return f"{schedule.trigger}[{schedule.trigger_kwargs}]"
