"""Workflows, the products and subscriptions that some of them are about, and what the code was at which time."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.fields import NameField
from orchestrator_site.common.ids import new_id
from workflows.engine import Target


class Workflow(models.Model):
    """A registered workflow; its code is found by `name`."""

    id = models.UUIDField(_("id"), primary_key=True, default=new_id, editable=False)
    name = NameField(_("name"), max_length=255)
    target = models.CharField(_("target"), max_length=20, choices=[(target.value, target.value) for target in Target])
    is_task = models.BooleanField(_("is a task"), default=False)
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(deleted_at__isnull=True), name="workflow_name_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(is_task=True, target="SYSTEM") | (Q(is_task=False) & ~Q(target="SYSTEM")),
                name="workflow_is_task_when_target_is_system",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductStatus(models.TextChoices):
    """Where a product stands in its life; those that are `active` have to have their workflows."""

    ACTIVE = "active", _("active")
    PRE_PRODUCTION = "pre_production", _("pre production")
    PHASE_OUT = "phase_out", _("phase out")
    END_OF_LIFE = "end_of_life", _("end of life")


# What every active product has to have a workflow for, as in orchestrator-core.
NEEDED_TARGETS = (Target.CREATE, Target.MODIFY, Target.TERMINATE, Target.VALIDATE)


class Product(models.Model):
    """What can be subscribed to, and the workflows that do something to such a subscription."""

    id = models.UUIDField(_("id"), primary_key=True, default=new_id, editable=False)
    name = NameField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True, default="")
    status = models.CharField(_("status"), max_length=20, choices=ProductStatus.choices, default=ProductStatus.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    end_date = models.DateTimeField(null=True, blank=True)
    workflows = models.ManyToManyField(Workflow, through="ProductWorkflow", related_name="products")

    validate_workflows: list[Workflow]  # no column: where `list_subscriptions_to_validate` has read them

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["name"], name="product_name_is_unique"),
            models.CheckConstraint(condition=Q(status__in=ProductStatus.values), name="product_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status=ProductStatus.END_OF_LIFE) | Q(end_date__isnull=False),
                name="product_at_its_end_of_life_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductWorkflow(models.Model):
    """The link between a product and one of its workflows."""

    # No index of its own: the one of the constraint begins with it.
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="links", db_index=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="product_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "workflow"], name="product_workflow_is_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} has {self.workflow_id}"


class SubscriptionStatus(models.TextChoices):
    """Where a subscription stands in its life; those that are `active` are validated every night."""

    INITIAL = "initial", _("initial")
    ACTIVE = "active", _("active")
    MIGRATING = "migrating", _("migrating")
    DISABLED = "disabled", _("disabled")
    TERMINATED = "terminated", _("terminated")
    PROVISIONING = "provisioning", _("provisioning")


class Subscription(models.Model):
    """One instance of a product, for somebody.

    `insync` says that the outside world is known to be as this row has it. One that was never in sync has no reason for
    that; one that came out of it has the reason and the moment.
    """

    id = models.UUIDField(_("id"), primary_key=True, default=new_id, editable=False)
    # No index of its own: `subscription_of_product` begins with it.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="subscriptions", db_index=False)
    description = models.TextField(_("description"), blank=True, default="")
    status = models.CharField(
        _("status"), max_length=20, choices=SubscriptionStatus.choices, default=SubscriptionStatus.INITIAL
    )
    insync = models.BooleanField(_("in sync"), default=False)
    start_date = models.DateTimeField(null=True, blank=True)
    end_date = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(_("note"), blank=True, default="")
    out_of_sync_reason = models.TextField(_("why it is out of sync"), blank=True, default="")
    out_of_sync_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=SubscriptionStatus.values), name="subscription_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=SubscriptionStatus.TERMINATED) | Q(end_date__isnull=False),
                name="subscription_that_is_terminated_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(start_date__isnull=True) | Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="subscription_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(out_of_sync_reason="", out_of_sync_since__isnull=True)
                | (Q(insync=False, out_of_sync_since__isnull=False) & ~Q(out_of_sync_reason="")),
                name="subscription_out_of_sync_says_why_and_since",
            ),
        ]
        indexes = [
            # the list by status; and the pages of the nightly validation, since nearly all that are active are in sync
            models.Index(fields=["status", "id"], name="subscription_by_status"),
            # the list of those out of sync; both databases see that its condition is the one of the query
            models.Index(fields=["id"], name="subscription_out_of_sync", condition=Q(insync=False)),
            # the subscriptions of a product, and those of one status
            models.Index(fields=["product", "status"], name="subscription_of_product"),
        ]

    def __str__(self) -> str:
        return self.description or str(self.id)


class ReleasePart(models.TextChoices):
    """What of the code a release is about: all processes know the workflows, schedulers alone the functions."""

    WORKFLOWS = "workflows"
    FUNCTIONS = "functions"


class Release(models.Model):
    """What was registered in code from a moment on, as the first process saw it that started with that.

    `name` is what whoever deployed it calls it, by the setting RELEASE; `version` is that of the project. `former` is
    what it took the place of. A row is never rewritten but for `last_seen_at`, which processes that run it renew: so it
    is known which one is in use while two of them run side by side.
    """

    part = models.CharField(max_length=20, choices=ReleasePart.choices)
    name = models.CharField(max_length=100, blank=True, default="")
    version = models.CharField(max_length=50)
    fingerprint = models.CharField(max_length=64)
    contents = models.JSONField(default=dict)
    former = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followers")
    host = models.CharField(max_length=255)
    process = models.CharField(max_length=255)
    first_seen_at = models.DateTimeField(db_index=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=Q(part__in=ReleasePart.values), name="release_part_is_known"),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="release_is_seen_last_after_it_was_first"
            ),
        ]
        indexes = [
            # the newest of a part, asked for by every process that starts, and every minute
            models.Index(fields=["part", "-id"], name="release_newest"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.version} ({self.fingerprint[:7]})"
