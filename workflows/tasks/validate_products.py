"""Hold what is registered against each other: workflows in code, in the database, in the translations and of products.

Each step adds what it finds, and the last one ends the task with all of it, so that one run tells everything.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from workflows.engine import InconsistentData, State, StepList, Target, done, init, step, workflow
from workflows.engine.outcomes import MAX_MESSAGE_CHARACTERS
from workflows.models import NEEDED_TARGETS, ProductStatus, Workflow
from workflows.registry import ALL_WORKFLOWS, WorkflowCodeError, get_definition
from workflows.selectors import (
    find_start_problem,
    list_product_links,
    list_products,
    list_unlinked_workflows,
    list_workflows,
)
from workflows.translations import find_problems, load_translations

MAX_FINDINGS = 200
MAX_FINDING_CHARACTERS = 500
MAX_NAMED_PRODUCTS = 5


@step("Check that workflows are in code and in the database")
def check_rows() -> State:
    """Find workflows that one side knows and the other does not."""
    in_database, in_code = {row.name for row in list_workflows()}, set(ALL_WORKFLOWS)
    new = []
    if difference := in_database ^ in_code:
        new.append(
            f"only in the database: {sorted(difference & in_database)}; only in code: {sorted(difference & in_code)}"
        )
    return {"checked_workflows": sorted(in_code), **add_findings([], 0, new)}


@step("Check that the code of every workflow loads")
def check_code(checked_workflows: list[str], findings: list[str], found: int) -> State:
    """Find code that cannot be imported or has another target than its row."""
    targets = {row.name: row.target for row in list_workflows()}
    new = []
    for name in checked_workflows:
        try:
            target = get_definition(name).target
        except WorkflowCodeError as error:
            new.append(str(error))
        else:
            if name in targets and target != targets[name]:
                new.append(f"'{name}' is {target} in code and {targets[name]} in the database")
    return add_findings(findings, found, new)


@step("Check translations")
def check_translations(checked_workflows: list[str], findings: list[str], found: int) -> State:
    """Find workflows that have no English name for people, and files with such names that cannot be used."""
    new = find_problems()
    words = load_translations("en-GB").words
    if missing := [name for name in checked_workflows if name not in words]:
        new.append(f"no en-GB translation for {missing}")
    return add_findings(findings, found, new)


@step("Check that products have their workflows")
def check_products(findings: list[str], found: int) -> State:
    """Find active products that lack a workflow to create, modify, terminate or validate their subscriptions."""
    targets: dict[str, set[str]] = {
        product.name: set() for product in list_products().filter(status=ProductStatus.ACTIVE)
    }
    for link in list_product_links():
        if link.product.name in targets and link.workflow.deleted_at is None:
            targets[link.product.name].add(link.workflow.target)
    return {"checked_products": len(targets), **add_findings(findings, found, find_missing_targets(targets))}


@step("Check the workflows of products")
def check_product_workflows(findings: list[str], found: int) -> State:
    """Find workflows of products that cannot run for them, and workflows that are about a product and of none."""
    products: defaultdict[Workflow, list[str]] = defaultdict(list)
    for link in list_product_links():
        products[link.workflow].append(link.product.name)
    new = [
        f"{_name_products(names)}: {problem}"
        for linked, names in products.items()
        if (problem := _find_link_problem(linked))
    ]
    new += [f"'{each}' has the target {each.target} and is of no product" for each in list_unlinked_workflows()]
    return {"checked_product_workflows": len(products), **add_findings(findings, found, new)}


@step("Report what was found")
def report(findings: list[str], found: int) -> None:
    """End the task as inconsistent with everything that was found, if anything was."""
    if found:
        raise InconsistentData(summarize(findings, found, max_characters=MAX_MESSAGE_CHARACTERS))


@workflow("Validate products", target=Target.SYSTEM)
def task_validate_products() -> StepList:
    """Validate what is registered."""
    return (
        init
        >> check_rows
        >> check_code
        >> check_translations
        >> check_products
        >> check_product_workflows
        >> report
        >> done
    )


def add_findings(findings: Sequence[str], found: int, new: Iterable[str]) -> State:
    """Return what a step adds to the state: the findings in order, cut to what a state should hold, and how many."""
    added = [_shorten(each, MAX_FINDING_CHARACTERS) for each in new]
    return {"findings": sorted([*findings, *added])[:MAX_FINDINGS], "found": found + len(added)}


def find_missing_targets(targets: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Say of each product for which of NEEDED_TARGETS it has no workflow.

    Args:
        targets: Those of the workflows that each product has, by its name.
    """
    for name, present in targets.items():
        if missing := [target for target in NEEDED_TARGETS if target not in present]:
            yield f"product '{name}' has no workflow with the target {', '.join(missing)}"


def summarize(findings: Sequence[str], found: int, *, max_characters: int) -> str:
    """Return as many findings as there is room for, and how many more there are."""
    for count in range(len(findings), 0, -1):
        left_out = [f"and {found - count} more"] if found > count else []
        text = "; ".join([*findings[:count], *left_out])
        if len(text) <= max_characters:
            return text
    return f"{found} findings, of which none is short enough to be named here"


def _shorten(text: str, max_characters: int) -> str:
    return text if len(text) <= max_characters else f"{text[: max_characters - 1]}…"


def _name_products(names: Sequence[str]) -> str:
    """Name the products of a workflow, the first few if it has many."""
    shown = ", ".join(f"'{name}'" for name in names[:MAX_NAMED_PRODUCTS])
    left_out = len(names) - MAX_NAMED_PRODUCTS
    more = f" and {left_out} more" if left_out > 0 else ""
    return f"{'product' if len(names) == 1 else 'products'} {shown}{more}"


def _find_link_problem(linked: Workflow) -> str:
    """Say why a workflow cannot run for the products that have it; empty when it can."""
    if problem := find_start_problem(linked):
        return problem
    target = get_definition(linked.name).target
    if target != linked.target:
        return f"'{linked}' is {target} in code and {linked.target} in the database"
    return f"'{linked}' is a task, which is tied to no product" if linked.is_task else ""
