"""Products and subscriptions, for which workflows run."""

from uuid import UUID

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import (
    BAD,
    BUSY,
    GOOD,
    ODD,
    list_link,
    moment_column,
    page_link,
    show_line,
)
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.filters import IdFilter, read_uuid_or_none
from orchestrator_site.common.admin.marks import QUIET, Mark, show_mark
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.admin.viewer import may_open
from workflows.models import NEEDED_TARGETS, Product, ProductStatus, Subscription, SubscriptionStatus
from workflows.selectors import list_products, list_subscriptions

PRODUCT_MARKS: dict[str, Mark] = {
    ProductStatus.ACTIVE: Mark(gettext_lazy("active"), GOOD, "check_circle"),
    ProductStatus.PRE_PRODUCTION: Mark(gettext_lazy("pre production"), QUIET, "construction"),
    ProductStatus.PHASE_OUT: Mark(gettext_lazy("phase out"), ODD, "trending_down"),
    ProductStatus.END_OF_LIFE: Mark(gettext_lazy("end of life"), QUIET, "block"),
}
SUBSCRIPTION_MARKS: dict[str, Mark] = {
    SubscriptionStatus.INITIAL: Mark(gettext_lazy("initial"), QUIET, "hourglass_empty"),
    SubscriptionStatus.ACTIVE: Mark(gettext_lazy("active"), GOOD, "check_circle"),
    SubscriptionStatus.MIGRATING: Mark(gettext_lazy("migrating"), BUSY, "swap_horiz"),
    SubscriptionStatus.DISABLED: Mark(gettext_lazy("disabled"), ODD, "pause_circle"),
    SubscriptionStatus.TERMINATED: Mark(gettext_lazy("terminated"), QUIET, "block"),
    SubscriptionStatus.PROVISIONING: Mark(gettext_lazy("provisioning"), BUSY, "construction"),
}
IN_SYNC = Mark(gettext_lazy("in sync"), GOOD, "sync")
OUT_OF_SYNC = Mark(gettext_lazy("out of sync"), BAD, "sync_problem")
NOT_YET = Mark(gettext_lazy("not in sync yet"), QUIET, "hourglass_empty")


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    """Products, by name."""

    list_display = ("name", "description", "status_label", "lacks", "subscriptions")
    list_filter = ("status",)
    empty_state = EmptyState(
        title=gettext_lazy("No products yet"),
        text=gettext_lazy(
            "A product is what is sold, with the workflows by which its subscriptions are made, changed and validated."
        ),
        icon="category",
    )
    search_fields = ("name", "description")
    search_help_text = gettext_lazy("Words of a name or a description")
    sortable_by = ("name",)
    fields = ("id", "name", "description", "status_label", "created", "ends", "linked", "lacks", "subscriptions")
    readonly_fields = fields

    created = moment_column("created_at", gettext_lazy("created"))
    ends = moment_column("end_date", gettext_lazy("ends"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Return the products with their workflows."""
        return list_products().prefetch_related("workflows")

    @display(description=gettext_lazy("status"))
    def status_label(self, product: Product) -> SafeString:
        """Show where it stands in its life."""
        return show_mark(PRODUCT_MARKS[product.status])

    @display(description=gettext_lazy("workflows"))
    def linked(self, product: Product) -> str | None:
        """Link to each of its workflows, and say what it is for."""
        each_line = (
            (page_link("workflows_workflow", each.pk, each), each.target, _(" (deleted)") if each.deleted_at else "")
            for each in product.workflows.all()
        )
        return format_html_join("", "<div>{} {}{}</div>", each_line) or None

    @display(description=gettext_lazy("lacks workflows to"))
    def lacks(self, product: Product) -> str | None:
        """Show what an active product should have a workflow for, and has none."""
        present = {each.target for each in product.workflows.all() if each.deleted_at is None}
        missing = [target.lower() for target in NEEDED_TARGETS if target not in present]
        return ", ".join(missing) if product.status == ProductStatus.ACTIVE and missing else None

    @display(description=gettext_lazy("its subscriptions"))
    def subscriptions(self, product: Product) -> str | None:
        """Link to its subscriptions, and to those that are out of sync."""
        if not may_open("workflows_subscription"):
            return None
        chosen = f"product_id={product.pk}"
        out_of_sync = list_link("workflows_subscription", f"{chosen}&insync__exact=0", _("Out of sync"))
        return format_html("{} · {}", list_link("workflows_subscription", chosen, _("Subscriptions")), out_of_sync)


class OfProductFilter(IdFilter):
    """The subscriptions of one product; the link on its page chooses it."""

    title = gettext_lazy("product")
    parameter_name = "product_id"

    def name_of(self, chosen: UUID) -> str:
        """Return the product's name."""
        return list_products().filter(pk=chosen).values_list("name", flat=True).first() or str(chosen)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions, newest first: which are out of sync, since when, and why."""

    list_display = ("__str__", "product_link", "status_label", "sync_label", "since", "why")
    list_filter = ("status", "insync", OfProductFilter)
    empty_state = EmptyState(
        title=gettext_lazy("No subscriptions yet"),
        text=gettext_lazy(
            "A subscription is one instance of a product, for somebody. It is listed with whether it is in sync."
        ),
        icon="assignment",
    )
    search_fields = ("description", "product__name")
    search_help_text = gettext_lazy("Words of a description, name of a product, or the id of a subscription.")
    fields = (
        "id",
        "description",
        "product_link",
        "status_label",
        "sync_label",
        "since",
        "out_of_sync_reason",
        "validations",
        "starts",
        "ends",
        "created",
        "note",
    )
    readonly_fields = fields

    since = moment_column("out_of_sync_since", gettext_lazy("out of sync since"))
    starts = moment_column("start_date", gettext_lazy("starts"))
    ends = moment_column("end_date", gettext_lazy("ends"))
    created = moment_column("created_at", gettext_lazy("created"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Return the subscriptions with their products."""
        return list_subscriptions()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscription], search_term: str
    ) -> tuple[QuerySet[Subscription], bool]:
        """Find an id as well."""
        wanted = read_uuid_or_none(search_term)
        if wanted is None:
            return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]
        return queryset.filter(Q(pk=wanted) | Q(product_id=wanted)), False

    @display(description=gettext_lazy("status"))
    def status_label(self, subscription: Subscription) -> SafeString:
        """Show where it stands in its life."""
        return show_mark(SUBSCRIPTION_MARKS[subscription.status])

    @display(description=gettext_lazy("product"))
    def product_link(self, subscription: Subscription) -> str:
        """Link to its product."""
        return page_link("workflows_product", subscription.product_id, subscription.product)

    @display(description=gettext_lazy("in sync"))
    def sync_label(self, subscription: Subscription) -> str:
        """Show whether it is in sync; without a reason it never was."""
        if subscription.insync:
            return show_mark(IN_SYNC)
        return show_mark(OUT_OF_SYNC if subscription.out_of_sync_reason else NOT_YET)

    @display(description=gettext_lazy("reason"))
    def why(self, subscription: Subscription) -> str | None:
        """Show the beginning of the reason why it is out of sync."""
        return show_line(truncatechars(subscription.out_of_sync_reason, 80))

    @display(description=gettext_lazy("its validations"))
    def validations(self, subscription: Subscription) -> str | None:
        """Link to its tasks."""
        if not may_open("tasks_task"):
            return None
        return list_link("tasks_task", f"concurrency_key={subscription.pk}", _("Tasks"))
