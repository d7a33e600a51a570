"""Reading workflows, products and subscriptions."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from orchestrator_site.common.errors import InvalidValue, NotFound
from workflows.engine import Target
from workflows.models import Product, ProductWorkflow, Subscription, SubscriptionStatus, Workflow
from workflows.registry import WorkflowCodeError, get_definition


class WorkflowNotFound(NotFound):
    """No task workflow matches; the message says which value did not."""


class WorkflowMismatch(InvalidValue):
    """A name and an id were given that belong to different workflows, or the workflow is no task."""


class SubscriptionNotFound(NotFound):
    """No subscription has this id."""


def list_workflows() -> QuerySet[Workflow]:
    """Return the workflows that are not deleted, by name."""
    return Workflow.objects.filter(deleted_at=None).order_by("name")


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
