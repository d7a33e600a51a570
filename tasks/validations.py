"""Validating subscriptions: starting the tasks that do it, and what one that failed says of its subscription."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import InvalidFields, InvalidValue
from orchestrator_site.common.ids import derived_id
from tasks.models import BLOCKING, Task, TaskStatus
from tasks.queue import Claim
from tasks.services import TaskRequest, create_tasks
from tasks.starting import StartRefused, check_predicate, clean_inputs, find_definition
from workflows.engine import Target
from workflows.models import Subscription, Workflow
from workflows.selectors import SubscriptionNotFound, list_subscriptions_to_validate
from workflows.services import MAX_REASON_CHARACTERS, mark_out_of_sync

log = structlog.get_logger(__name__)

# One that could not reach a service has ended, but is resumed every hour: it is still on its way.
UNCOMPLETED = (*BLOCKING, TaskStatus.API_UNAVAILABLE)

# A service that could not be reached says nothing about the subscription, and neither does an abort.
VERDICTS = (TaskStatus.FAILED, TaskStatus.INCONSISTENT_DATA)


@dataclass(frozen=True, slots=True)
class Validations:
    """What came of having subscriptions validated.

    Attributes:
        tasks: How many tasks there are for it, started now or by the same run before.
        validated: How many subscriptions have these.
        in_validation: How many were left alone, since a validation of theirs is not completed.
        without_workflow: Those whose product has no workflow that validates it.
        refused: What the code of a workflow would not start, in words.
    """

    tasks: int
    validated: int
    in_validation: int
    without_workflow: Sequence[Subscription]
    refused: Sequence[str]


def start_validations(*, subscriptions: Sequence[Subscription], run_id: UUID, actor: str) -> Validations:
    """Start a task of each workflow that validates a subscription; those of one subscription run one after the other.

    A subscription that has a validation which is not completed gets no other one. What a run has started already, it
    does not start again: the ids of its tasks follow from its own.

    Args:
        subscriptions: As `list_subscriptions_to_validate` gives them; one that is not among those any more is left out.
        run_id: The task that has them validated.
        actor: Who that is, for people.
    """
    # Code of workflows is asked before any row is held.
    plans = {each.pk: _plan(each, run_id=run_id, actor=actor) for each in subscriptions}
    wanted = {pk: plan.requests for pk, plan in plans.items() if plan.requests}
    with write_transaction():
        # Whoever starts validations holds the rows, so that no two find the same subscription without one.
        held = _hold(wanted)
        there = _find_existing(request.task_id for requests in wanted.values() for request in requests)
        ours = {pk for pk, requests in wanted.items() if any(request.task_id in there for request in requests)}
        in_validation = _find_in_validation(wanted) - ours
        starting = [pk for pk in wanted if pk in held - ours - in_validation]
        new = [request for pk in starting for request in wanted[pk]]
        create_tasks(requests=new, actor=actor, now=database_now())
    return Validations(
        tasks=len(new) + len(there),
        validated=len(starting) + len(ours),
        in_validation=len(in_validation),
        without_workflow=[each for each in subscriptions if not each.product.validate_workflows],
        refused=[reason for plan in plans.values() for reason in plan.refused],
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one subscription is to be validated by, and what its workflows refuse, in words."""

    requests: Sequence[TaskRequest]
    refused: Sequence[str]


def _plan(subscription: Subscription, *, run_id: UUID, actor: str) -> _Plan:
    requests, refused = [], []
    for workflow in subscription.product.validate_workflows:
        try:
            inputs = _check_start(workflow, subscription, actor=actor)
        except (InvalidValue, InvalidFields, StartRefused) as error:
            refused.append(f"'{workflow}' of {subscription.pk}: {error}")
        else:
            request = TaskRequest(
                workflow_id=workflow.pk,
                task_id=derived_id(run_id, f"{subscription.pk} {workflow.pk}"),
                inputs=inputs,
                concurrency_key=subscription.pk,
            )
            requests.append(request)
    return _Plan(requests, refused)


def _check_start(workflow: Workflow, subscription: Subscription, *, actor: str) -> dict[str, object]:
    """Return the inputs with which a workflow takes a subscription.

    Raises:
        InvalidValue, InvalidFields: Its form does not take them.
        StartRefused: It refuses a start now.
    """
    inputs = clean_inputs(workflow.name, {"subscription_id": str(subscription.pk)})
    check_predicate(find_definition(workflow.name), inputs=inputs, actor=actor)
    return inputs


def _hold(subscription_ids: Iterable[UUID]) -> set[UUID]:
    """Hold the rows until the transaction ends, and return those that are still to be validated."""
    rows = list_subscriptions_to_validate().filter(pk__in=list(subscription_ids))
    return set(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))


def _find_existing(task_ids: Iterable[UUID]) -> set[UUID]:
    return set(Task.objects.filter(pk__in=list(task_ids)).values_list("pk", flat=True))


def _find_in_validation(subscription_ids: Iterable[UUID]) -> set[UUID]:
    """Return those that have a validation which is not completed, whoever started it."""
    validations = Task.objects.filter(workflow__target=Target.VALIDATE, status__in=UNCOMPLETED)
    keys = validations.filter(concurrency_key__in=list(subscription_ids)).values_list("concurrency_key", flat=True)
    return {key for key in keys if key is not None}


def is_verdict(claim: Claim, *, status: str) -> bool:
    """Tell whether a task that a failed step leaves in `status` has found its subscription out of sync."""
    return claim.workflow_target == Target.VALIDATE and status in VERDICTS


def after_failure(claim: Claim, *, status: str, reason: str) -> bool:
    """Mark the subscription of a validation that failed as out of sync, and return whether that is news.

    To be called in the transaction that records the failed step, so that both are there or none. It is for a failed
    step of any task: where `is_verdict` says no, or the inputs name no subscription that exists, it marks nothing.

    Args:
        claim: The task, as its worker holds it.
        status: What the failed step makes of it.
        reason: The step that failed and why, as it is stored with the task.
    """
    if not is_verdict(claim, status=status):
        return False
    named = str(claim.inputs.get("subscription_id"))
    try:
        subscription_id = UUID(named)
    except ValueError:
        log.warning("validation_named_no_subscription", task_id=str(claim.task_id), subscription_id=named)
        return False
    source = f" ({claim.workflow_name}, task {claim.task_id})"
    why = reason[: MAX_REASON_CHARACTERS - len(source)] + source
    try:
        return mark_out_of_sync(subscription_id=subscription_id, reason=why, actor=claim.workflow_name)
    except SubscriptionNotFound:
        log.warning("validated_subscription_is_gone", task_id=str(claim.task_id), subscription_id=named)
        return False
