"""Hold what is registered against each other: workflows in code, in the database and in the translations."""

from workflows.engine import InconsistentData, State, StepList, Target, done, init, step, workflow
from workflows.registry import ALL_WORKFLOWS, WorkflowCodeError, get_definition
from workflows.selectors import list_workflows
from workflows.translations import find_problems, load_translations


@step("Check that workflows are in code and in the database")
def check_rows() -> State:
    """Fail when one side knows a workflow that the other does not."""
    in_database, in_code = {row.name for row in list_workflows()}, set(ALL_WORKFLOWS)
    if difference := in_database ^ in_code:
        raise InconsistentData(
            f"only in the database: {sorted(difference & in_database)}; only in code: {sorted(difference & in_code)}"
        )
    return {"checked_workflows": sorted(in_code)}


@step("Check that the code of every workflow loads")
def check_code(checked_workflows: list[str]) -> State:
    """Fail when code cannot be imported or has another target than its row."""
    targets = {row.name: row.target for row in list_workflows()}
    problems = []
    for name in checked_workflows:
        try:
            target = get_definition(name).target
        except WorkflowCodeError as error:
            problems.append(str(error))
        else:
            if target != targets.get(name):
                problems.append(f"'{name}' is {target} in code and {targets.get(name)} in the database")
    if problems:
        raise InconsistentData("; ".join(problems))
    return {}


@step("Check translations")
def check_translations(checked_workflows: list[str]) -> State:
    """Fail when a workflow has no English name for people, or a file with such names cannot be used."""
    problems = find_problems()
    words = load_translations("en-GB").words
    if missing := [name for name in checked_workflows if name not in words]:
        problems.append(f"no en-GB translation for {missing}")
    if problems:
        raise InconsistentData("; ".join(problems))
    return {}


@workflow("Validate products", target=Target.SYSTEM)
def task_validate_products() -> StepList:
    """Validate what is registered."""
    return init >> check_rows >> check_code >> check_translations >> done
