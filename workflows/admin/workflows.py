"""Workflows: what can run, and what it does step by step."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.display import GOOD, ODD, moment_column, page_link, show_line
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.marks import Mark, show_mark
from orchestrator_site.common.admin.pages import ReadOnlyAdmin, for_user
from orchestrator_site.common.admin.verbs import FormVerb, VerbsAdmin
from workflows.admin.steps import describe_kinds
from workflows.engine import WorkflowDefinition
from workflows.forms import DescriptionForm
from workflows.models import Workflow
from workflows.registry import WorkflowCodeError, get_definition
from workflows.selectors import find_start_problem

REGISTERED = Mark(gettext_lazy("registered"), GOOD, "check_circle")
DELETED = Mark(gettext_lazy("deleted"), ODD, "delete")
MAX_DESCRIPTION_CHARACTERS = 120
MAX_PRODUCTS = 20

Fact = tuple[str, Any]


class DeletedFilter(SimpleListFilter):
    """Workflows that are there; those that were deleted, or all of them, when they are asked for."""

    title = gettext_lazy("registered")
    parameter_name = "registered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides the default."""
        return [("deleted", _("Deleted")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name: what is there."""
        everything, *others = super().choices(changelist)
        yield {**everything, "display": _("Registered")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Workflow]) -> QuerySet[Workflow]:
        """Keep those that are there, unless others are asked for."""
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


def make_description_form(request: HttpRequest, workflow: Any) -> DescriptionForm:
    """Return the form for the description."""
    sent = request.POST if request.method == "POST" else None
    known = {"description": workflow.description, "seen": workflow.description}
    return for_user(DescriptionForm, request)(sent, instance=workflow, initial=known)


DESCRIBE = FormVerb(
    name="describe",
    label=gettext_lazy("Change the description"),
    permission="workflows.change_workflow",
    is_offered=lambda workflow: workflow.deleted_at is None,
    make_form=make_description_form,
    tell=lambda _form: _("The description is changed."),
)


@admin.register(Workflow)
class WorkflowAdmin(VerbsAdmin, ReadOnlyAdmin):
    """What is registered, by name."""

    verbs = (DESCRIBE,)
    list_display: Sequence[str] = ("name", "what", "target", "state")
    list_filter = ("target", "is_task", DeletedFilter)
    empty_state = EmptyState(
        title=gettext_lazy("No workflows yet"),
        text=gettext_lazy(
            "A workflow is code, a list of steps, with a row of the same name here. The command “manage.py workflows "
            "makemigration” writes the migration that adds the rows that are missing."
        ),
        icon="account_tree",
    )
    search_fields = ("name", "description")
    search_help_text = gettext_lazy("Words of a name or a description")
    sortable_by = ("name",)
    fields = ("id", "target", "state", "created", "input_form", "predicate", "authorisation")
    readonly_fields = fields
    change_form_outer_before_template = "admin/workflows/workflow/before.html"

    created = moment_column("created_at", gettext_lazy("created"))

    class Media:
        css: ClassVar = {"all": ("admin-pages/tasks.css",)}

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Show the state where deleted ones are asked for as well."""
        names = super().get_list_display(request)
        return [name for name in names if name != "state" or DeletedFilter.parameter_name in request.GET]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the steps, and what else the page shows of a workflow."""
        workflow = kwargs["obj"]
        definition = _find_definition(workflow)
        steps = list(definition.steps) if definition else []
        context["steps"] = [(number, step.name, describe_kinds(step)) for number, step in enumerate(steps, start=1)]
        context["problem"] = find_start_problem(workflow)
        context["facts"] = [(label, value) for label, value in self.list_facts(request, workflow) if value]
        answer: HttpResponse = super().render_change_form(request, context, **kwargs)
        return answer

    def list_facts(self, request: HttpRequest, workflow: Any) -> list[Fact]:
        """Return what the head of the page says of a workflow, each with its label."""
        if not request.user.has_perm("workflows.view_product"):
            return []
        return [(_("Products"), _link_products(workflow))]

    @display(description=gettext_lazy("description"))
    def what(self, workflow: Workflow) -> str | None:
        """Show the beginning of what it does."""
        return show_line(truncatechars(workflow.description, MAX_DESCRIPTION_CHARACTERS))

    @display(description=gettext_lazy("input form"))
    def input_form(self, workflow: Workflow) -> str | None:
        """Show by which form its inputs are given."""
        definition = _find_definition(workflow)
        return definition.initial_input_form.__name__ if definition and definition.initial_input_form else None

    @display(description=gettext_lazy("run predicate"))
    def predicate(self, workflow: Workflow) -> str | None:
        """Show what may refuse a start."""
        definition = _find_definition(workflow)
        return _name(definition.run_predicate) if definition else None

    @display(description=gettext_lazy("authorisation"))
    def authorisation(self, workflow: Workflow) -> str | None:
        """Show what is asked whether somebody may start or resume a task of it."""
        definition = _find_definition(workflow)
        if definition is None:
            return None
        start, resume = definition.authorize_callback, definition.retry_auth_callback
        asked = {_("to start: %(name)s"): start, _("to resume: %(name)s"): resume or start}
        return ", ".join(text % {"name": _name(callback)} for text, callback in asked.items() if callback) or None

    @display(description=gettext_lazy("state"))
    def state(self, workflow: Workflow) -> str:
        """Show whether it was deleted."""
        return show_mark(DELETED if workflow.deleted_at else REGISTERED)


def _link_products(workflow: Workflow) -> SafeString | None:
    """Return links to the products that it is tied to; a task is tied to none."""
    products = list(workflow.products.order_by("name")[: MAX_PRODUCTS + 1])
    links = [(page_link("workflows_product", product.pk, product),) for product in products[:MAX_PRODUCTS]]
    if not links:
        return None
    shown = format_html_join(", ", "{}", links)
    return format_html("{} {}", shown, _("and others")) if len(products) > MAX_PRODUCTS else shown


def _find_definition(workflow: Workflow) -> WorkflowDefinition | None:
    """Return the code of a workflow; None where this process does not have it."""
    try:
        return get_definition(workflow.name)
    except WorkflowCodeError:
        return None


def _name(function: object) -> str | None:
    """Return what a function is called."""
    return None if function is None else str(getattr(function, "__qualname__", function))
