"""Reading workflows, products and subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from orchestrator_site.common.errors import Conflict, InvalidValue, NotFound
from workflows.engine import Target
from workflows.engine.errors import FormCodeError
from workflows.engine.kinds import InputStep
from workflows.input_forms import describe_form
from workflows.models import Product, ProductWorkflow, Subscription, SubscriptionStatus, Workflow
from workflows.registry import WorkflowCodeError, get_definition


class WorkflowNotFound(NotFound):
    """No workflow matches, or none that is a task; the message says which value did not."""


class WorkflowMismatch(InvalidValue):
    """A name and an id were given that belong to different workflows, or the workflow is no task."""


class SubscriptionNotFound(NotFound):
    """No subscription has this id."""


class FormsUnknown(Conflict):
    """The code of a workflow, or of one of its forms, cannot be used here; the message says why."""


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of a step, as a JSON schema."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WorkflowForms:
    """The forms of a workflow, as JSON schemas: the one that starts a task, if any, and those of its steps in order."""

    workflow_name: str
    initial: dict[str, Any] | None
    steps: Sequence[StepForm]


def list_workflows() -> QuerySet[Workflow]:
    """Return the workflows that are not deleted, by name."""
    return Workflow.objects.filter(deleted_at=None).order_by("name")


def describe_forms(*, workflow_name: str) -> WorkflowForms:
    """Return what a workflow asks people.

    Raises:
        WorkflowNotFound: The name is unknown or deleted.
        FormsUnknown: Its code cannot be loaded, or that of a form raises something.
    """
    if not list_workflows().filter(name=workflow_name).exists():
        raise WorkflowNotFound("Workflow does not exist", field="name", value=workflow_name)
    try:
        definition = get_definition(workflow_name)
        initial = definition.initial_input_form
        return WorkflowForms(
            workflow_name=workflow_name,
            initial=None if initial is None else describe_form(form=initial),
            steps=[
                StepForm(step.name, describe_form(form=step.form))
                for step in definition.steps
                if isinstance(step, InputStep)
            ],
        )
    except (WorkflowCodeError, FormCodeError) as error:
        raise FormsUnknown(str(error)) from error


def get_task_workflow(*, name: str | None = None, workflow_id: UUID | None = None) -> Workflow:
    """Return the task workflow of that name, that id, or both.

    Raises:
        WorkflowNotFound: The name or the id is unknown or deleted.
        WorkflowMismatch: Both are given and differ, or the workflow is not a task.
    """
    given = {"workflow_name": name, "workflow_id": workflow_id}
    rows = {field: _find(field, value) for field, value in given.items() if value is not None}
    for field, row in rows.items():
        if row is None:
            raise WorkflowNotFound("Task does not exist", field=field, value=str(given[field]))
    found = list(filter(None, rows.values()))
    if not found:
        raise WorkflowMismatch("name the task by workflow_name or workflow_id", field="workflow_name")
    workflow = found[0]
    if workflow != found[-1]:
        raise WorkflowMismatch(
            f"workflow_id {workflow_id} is '{found[-1]}', not '{name}'; leave one of the two out",
            field="workflow_id",
            value=str(workflow_id),
        )
    if not workflow.is_task:
        raise WorkflowMismatch(
            f"'{workflow}' has the target {workflow.target}; only tasks (target SYSTEM) can be scheduled or started",
            field=next(iter(rows)),
            value=workflow.name,
        )
    return workflow


def find_start_problem(workflow: Workflow) -> str:
    """Say why no task of this workflow can start: it was deleted, or its code is not there; empty when one can."""
    if workflow.deleted_at is not None:
        return f"workflow '{workflow}' was deleted"
    try:
        get_definition(workflow.name)
    except WorkflowCodeError as error:
        return str(error)
    return ""


def list_products() -> QuerySet[Product]:
    """Return the products, by name."""
    return Product.objects.order_by("name")


def list_product_links() -> QuerySet[ProductWorkflow]:
    """Return the links of products to workflows, deleted ones too, with both, by the names of the workflows."""
    return ProductWorkflow.objects.select_related("product", "workflow").order_by("workflow__name", "product__name")


def list_unlinked_workflows() -> QuerySet[Workflow]:
    """Return the workflows that are about a product and that no product has, by name."""
    return list_workflows().exclude(target=Target.SYSTEM).filter(product_links=None)


def validate_workflows_of(product: Product) -> QuerySet[Workflow]:
    """Return the workflows by which the subscriptions of a product are validated, by name."""
    return _validate_workflows().filter(product_links__product=product)


def list_subscriptions() -> QuerySet[Subscription]:
    """Return the subscriptions with their products, newest first."""
    return Subscription.objects.select_related("product").order_by("-id")


def list_subscriptions_to_validate() -> QuerySet[Subscription]:
    """Return the subscriptions that are active and in sync, oldest first, with what there is to validate them by.

    That is `subscription.product.validate_workflows`, read with one statement more for all of them.
    """
    validate_workflows = Prefetch("product__workflows", _validate_workflows(), to_attr="validate_workflows")
    active = Subscription.objects.filter(status=SubscriptionStatus.ACTIVE, insync=True)
    return active.select_related("product").prefetch_related(validate_workflows).order_by("id")


def _validate_workflows() -> QuerySet[Workflow]:
    return list_workflows().filter(target=Target.VALIDATE)


def _find(field: str, value: str | UUID) -> Workflow | None:
    lookup = {"workflow_name": "name", "workflow_id": "pk"}[field]
    return list_workflows().filter(**{lookup: value}).first()
