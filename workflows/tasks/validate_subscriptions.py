"""See to it that subscriptions can be validated: there are no subscriptions here yet, but there may be workflows."""

from workflows.engine import InconsistentData, State, StepList, Target, done, init, step, workflow
from workflows.registry import WorkflowCodeError, get_definition
from workflows.selectors import list_workflows


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


@workflow("Validate subscriptions", target=Target.SYSTEM)
def task_validate_subscriptions() -> StepList:
    """Validate subscriptions."""
    return init >> check_validate_workflows >> done
