"""Writing products, subscriptions and what is said of workflows. Each is one transaction."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError
from django.db.models import TextChoices

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_statement, write_transaction
from orchestrator_site.common.errors import Conflict, InvalidValue
from workflows.models import Product, ProductStatus, ProductWorkflow, Subscription, SubscriptionStatus, Workflow
from workflows.selectors import SubscriptionNotFound, WorkflowNotFound

log = structlog.get_logger(__name__)

MAX_NAME_CHARACTERS = 255
MAX_REASON_CHARACTERS = 2_000
MAX_DESCRIPTION_CHARACTERS = 2_000


class InvalidProduct(InvalidValue):
    """A product cannot be stored like that; the message says what would be right."""


class InvalidLink(InvalidValue):
    """A workflow cannot be that of a product: it is a task, or was deleted."""


class InvalidSubscription(InvalidValue):
    """A subscription cannot be stored like that; the message says what would be right."""


class InvalidDescription(InvalidValue):
    """A description cannot be stored like that; the message says what would be right."""


class DescriptionChanged(Conflict):
    """Somebody else has changed the description since it was read, or the workflow was deleted."""


def change_description(*, workflow_id: UUID, description: str, seen: str, actor: str) -> Workflow:
    """Say in other words what a workflow does.

    Args:
        workflow_id: Which one.
        description: The new words.
        seen: The words that are to be replaced: if it has others by now, nothing is changed.
        actor: Who says so, as it is recorded.

    Raises:
        WorkflowNotFound: There is none of this id.
        InvalidDescription: It is too long.
        DescriptionChanged: It has other words by now, or was deleted.
    """
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidDescription(
            f"description has {len(description)} characters; give at most {MAX_DESCRIPTION_CHARACTERS}",
            field="description",
        )
    with write_transaction():
        workflow = Workflow.objects.select_for_update().filter(pk=workflow_id).first()
        if workflow is None:
            raise WorkflowNotFound("Workflow does not exist", field="workflow_id", value=str(workflow_id))
        if workflow.deleted_at is not None:
            raise DescriptionChanged(f"workflow '{workflow}' was deleted meanwhile.")
        if _with_plain_line_ends(workflow.description) != _with_plain_line_ends(seen):
            raise DescriptionChanged(f"somebody else has changed it meanwhile, to “{workflow.description}”.")
        workflow.description = _with_plain_line_ends(description)
        workflow.save(update_fields=["description"])
    log.info("workflow_description_changed", workflow=workflow.name, actor=actor)
    return workflow


def _with_plain_line_ends(text: str) -> str:
    """Return a text as it was before a browser sent it, which ends lines in another way."""
    return text.replace("\r\n", "\n")


def create_product(
    *,
    name: str,
    description: str = "",
    status: str = ProductStatus.ACTIVE,
    end_date: datetime | None = None,
    actor: str,
) -> Product:
    """Store a product; `link_workflow` gives it workflows.

    Raises:
        InvalidProduct: The name is taken, empty or too long, the status is unknown, or the end of one that is at the
            end of its life is missing.
    """
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidProduct(
            f"name has {len(name)} characters; a name has 1 to {MAX_NAME_CHARACTERS}", field="name", value=name
        )
    _check_status(status, end_date, known=ProductStatus, last=ProductStatus.END_OF_LIFE, error=InvalidProduct)
    product = Product(name=name, description=description, status=status, end_date=end_date)
    try:
        with write_transaction():
            product.save(force_insert=True)
    except IntegrityError as error:
        if not Product.objects.filter(name=name).exists():
            raise
        raise InvalidProduct(
            f"a product '{name}' exists; give this one another name", field="name", value=name
        ) from error
    log.info("product_created", product_id=str(product.pk), product=name, actor=actor)
    return product


def link_workflow(*, product: Product, workflow: Workflow, actor: str) -> ProductWorkflow:
    """Say that a workflow is one of a product; saying so again changes nothing.

    Raises:
        InvalidLink: The workflow is a task, which is tied to no product, or was deleted.
    """
    if workflow.is_task:
        raise InvalidLink(
            f"'{workflow}' is a task (target SYSTEM), which is tied to no product; link a workflow with another target",
            field="workflow",
            value=workflow.name,
        )
    if workflow.deleted_at is not None:
        raise InvalidLink(
            f"workflow '{workflow}' was deleted; link one that is there", field="workflow", value=workflow.name
        )
    with write_transaction():
        link, is_new = ProductWorkflow.objects.get_or_create(product=product, workflow=workflow)
    if is_new:
        log.info("workflow_linked", product_id=str(product.pk), workflow=workflow.name, actor=actor)
    return link


def create_subscription(
    *,
    product: Product,
    description: str = "",
    status: str = SubscriptionStatus.INITIAL,
    insync: bool = False,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    note: str = "",
    actor: str,
) -> Subscription:
    """Store a subscription to a product.

    Raises:
        InvalidSubscription: The status is unknown, the end of one that is terminated is missing, or it ends before it
            starts.
    """
    last = SubscriptionStatus.TERMINATED
    _check_status(status, end_date, known=SubscriptionStatus, last=last, error=InvalidSubscription)
    if start_date and end_date and end_date < start_date:
        raise InvalidSubscription(
            f"end_date {end_date.isoformat()} lies before start_date {start_date.isoformat()}; give a later one",
            field="end_date",
            value=end_date.isoformat(),
        )
    with write_statement():
        subscription = Subscription.objects.create(
            product=product,
            description=description,
            status=status,
            insync=insync,
            start_date=start_date,
            end_date=end_date,
            note=note,
        )
    log.info("subscription_created", subscription_id=str(subscription.pk), product=product.name, actor=actor)
    return subscription


def mark_out_of_sync(*, subscription_id: UUID, reason: str, actor: str) -> bool:
    """Say that the outside world is not as a subscription has it, and return whether that is news.

    One that has a reason keeps it, and the moment: what went wrong first explains the rest.

    Raises:
        InvalidSubscription: There is no reason.
        SubscriptionNotFound: There is none of this id.
    """
    if not reason.strip():
        raise InvalidSubscription("reason is empty; say why it is out of sync", field="reason", value=reason)
    reason, now = reason[:MAX_REASON_CHARACTERS], database_now()
    with write_statement():
        unexplained = Subscription.objects.filter(pk=subscription_id, out_of_sync_reason="")  # which all in sync are
        changed = unexplained.update(insync=False, out_of_sync_reason=reason, out_of_sync_since=now)
    if changed:
        log.warning("subscription_marked_out_of_sync", subscription_id=str(subscription_id), reason=reason, actor=actor)
    return _is_news(subscription_id, changed)


def mark_in_sync(*, subscription_id: UUID, actor: str) -> bool:
    """Say that the outside world is as a subscription has it, and return whether that is news.

    Raises:
        SubscriptionNotFound: There is none of this id.
    """
    with write_statement():
        out_of_sync = Subscription.objects.filter(pk=subscription_id, insync=False)
        changed = out_of_sync.update(insync=True, out_of_sync_reason="", out_of_sync_since=None)
    if changed:
        log.info("subscription_marked_in_sync", subscription_id=str(subscription_id), actor=actor)
    return _is_news(subscription_id, changed)


def _check_status(
    status: str, end_date: datetime | None, *, known: type[TextChoices], last: str, error: type[InvalidValue]
) -> None:
    if status not in known.values:
        raise error(
            f"status '{status}' is unknown; it is one of {', '.join(known.values)}", field="status", value=status
        )
    if status == last and end_date is None:
        raise error(f"end_date is missing: what is {last} has ended, so say when", field="end_date")


def _is_news(subscription_id: UUID, changed: int) -> bool:
    """Tell whether a row was changed; that none was may only mean that it was so already."""
    if not changed and not Subscription.objects.filter(pk=subscription_id).exists():
        raise SubscriptionNotFound("Subscription does not exist", field="subscription_id", value=str(subscription_id))
    return changed == 1
