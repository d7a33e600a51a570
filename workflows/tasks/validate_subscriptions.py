"""Have every subscription validated that is active and in sync, each in a task of its own."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from tasks.validations import start_validations
from workflows.engine import InconsistentData, State, StepList, Target, done, init, step, workflow
from workflows.models import Subscription
from workflows.registry import WorkflowCodeError, get_definition
from workflows.selectors import list_subscriptions_to_validate, list_workflows

BATCH_SIZE = 500
MAX_NAMED = 100


@step("Check the workflows that validate")
def check_validate_workflows() -> State:
    """Load every workflow with the target VALIDATE; fail when one of them could not run for a subscription."""
    names = [row.name for row in list_workflows().filter(target=Target.VALIDATE)]
    problems = []
    for name in names:
        try:
            get_definition(name)
        except WorkflowCodeError as error:
            problems.append(str(error))
    if problems:
        raise InconsistentData("; ".join(problems))
    return {"validate_workflows": names}


@step("Start validations")
def start_all(task_id: str, workflow_name: str) -> State:
    """Start the validations, a batch a transaction; count them, and name the first hundred that cannot be started.

    When it runs again after it was interrupted, it starts what is missing. A subscription that a validation of this
    task has meanwhile found out of sync is not counted then.
    """
    tasks = validated = in_validation = 0
    without_workflow: list[str] = []
    refused: list[str] = []
    for batch in _batches():
        started = start_validations(subscriptions=batch, run_id=UUID(task_id), actor=workflow_name)
        tasks += started.tasks
        validated += started.validated
        in_validation += started.in_validation
        without_workflow += [f"{each.pk} of product '{each.product}'" for each in started.without_workflow]
        refused += started.refused
    return {
        "validation_tasks": tasks,
        "validated_subscriptions": validated,
        "subscriptions_in_validation": in_validation,
        "subscriptions_without_workflow": len(without_workflow),
        "without_workflow": without_workflow[:MAX_NAMED],
        "refused_validations": len(refused),
        "refused": refused[:MAX_NAMED],
    }


@workflow("Validate subscriptions", target=Target.SYSTEM)
def task_validate_subscriptions() -> StepList:
    """Validate subscriptions."""
    return init >> check_validate_workflows >> start_all >> done


def _batches() -> Iterator[Sequence[Subscription]]:
    wanted = list_subscriptions_to_validate()
    batch = list(wanted[:BATCH_SIZE])
    while batch:
        yield batch
        batch = list(wanted.filter(pk__gt=batch[-1].pk)[:BATCH_SIZE])
