"""The pages themselves: lists that do not count a big table, and writes that go through the services."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from orchestrator_site.common.admin.empty import EmptyState, list_applied
from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.database import write_transaction

MAX_COUNTED = 10_000
# What Django's addresses of lists take besides comparisons.
SEARCHES = frozenset(
    f"{case}{search}" for case in ("", "i") for search in ("contains", "startswith", "endswith", "regex")
)

FormClass = TypeVar("FormClass", bound=ServiceForm)
Fieldsets = list[tuple[str | None, dict[str, Any]]]


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Counts and pages through the first 10,000 rows; whoever looks for others searches or filters."""

    template_name = "admin/bounded_pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet), "a list of the admin is a query"
        return rows.order_by()[: MAX_COUNTED + 1].count()  # in any order, so that nothing is sorted

    @property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(self._counted, MAX_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are rows beyond those."""
        return self._counted > MAX_COUNTED


class PageChangeList(ChangeList):  # type: ignore[misc]  # unfold ships no types
    """A list whose rows the page may complete, all with one statement."""

    result_list: Any  # unfold ships no types

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page."""
        super().get_results(request)
        rows = list(self.result_list)
        self.model_admin.complete_rows(rows)
        self.result_list = rows

    @cached_property
    def applied(self) -> list[tuple[str, str]]:
        """What the list is searched for and filtered by: the name of each, and what was chosen."""
        return list_applied(self)


class PageAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """What every page has in common."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count every row of the table
    paginator = BoundedPaginator
    list_per_page = 50
    list_fullwidth = True
    list_disable_select_all = True
    sortable_by: Sequence[str] = ()
    empty_value_display = "–"  # noqa: RUF001  # a dash for what is empty
    # What an empty list says: which rows would be here, and where they come from.
    empty_state = EmptyState()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse what an address could search a column for: it reads a big table, row after row."""
        if lookup.rpartition("__")[2] in SEARCHES:
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add to the rows of a page what they show besides their own columns."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PageChangeList]:
        """Return the list's class."""
        return PageChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list that an address asks for.

        Raises:
            IncorrectLookupParameters: It asks for what cannot be, such as text that PostgreSQL does not take.
        """
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or take a form; what it writes is one transaction with the admin's own log of it."""
        answer = partial(super().changeform_view, request, *args, **kwargs)
        return _in_transaction(answer) if request.method == "POST" else answer()

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask about a deletion, or do it, in one transaction with the admin's own log of it."""
        answer = partial(super().delete_view, request, *args, **kwargs)
        return _in_transaction(answer) if request.method == "POST" else answer()


def _in_transaction(answer: Callable[[], HttpResponse]) -> HttpResponse:
    # Django would open the transaction itself, before the service asks for its turn as SQLite's one writer: with the
    # database locked, it would wait for a thread that waits for the database.
    with write_transaction():
        return answer()


class ReadOnlyAdmin(PageAdmin):
    """Shows rows to those who may view them; nobody changes one here, since every write goes through a service."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


def for_user(form: type[FormClass], request: HttpRequest, **attributes: Any) -> type[FormClass]:
    """Return a form's class for one page, with the one who fills it in and what else it knows."""
    filled_in_by = {"actor": request.user.get_username(), "user": request.user, "Meta": form.Meta}
    return type(form.__name__, (form,), filled_in_by | attributes)


class ServiceAdmin(PageAdmin):
    """Adds and changes rows by a ServiceForm, which calls the service; the admin saves nothing itself."""

    form: type[ServiceForm]

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> type[BaseForm]:
        """Return the form's class, with the one who fills it in."""
        return for_user(self.form, request)

    def save_form(self, request: HttpRequest, form: ServiceForm, *args: Any, **kwargs: Any) -> Model:
        """Return what the service has stored."""
        stored: Model = form.instance
        return stored

    def save_model(self, *args: Any, **kwargs: Any) -> None:
        """Save nothing: the service has."""

    def save_related(self, *args: Any, **kwargs: Any) -> None:
        """Save nothing: the service has."""
