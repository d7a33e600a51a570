"""Filters of lists, all of them served by an index."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin import ChoicesFieldListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.ids import CLOCK_DIFFERENCE, first_id_at


class SinceFilter(SimpleListFilter):
    """Rows of the last hour, of today, of the last days.

    Ids begin with the time, so the primary key finds the rows; `moment` is the column that decides.
    """

    title: Text = gettext_lazy("time")
    parameter_name = "since"
    moment: str

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Return the choices."""
        return [
            ("hour", _("Last hour")),
            ("today", _("Today")),
            ("week", _("Last 7 days")),
            ("month", _("Last 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what is younger."""
        since = self.since()
        if since is None:
            return queryset
        return queryset.filter(**{"pk__gte": first_id_at(since - CLOCK_DIFFERENCE), f"{self.moment}__gte": since})

    def since(self) -> datetime | None:
        """Return the first moment of what is chosen."""
        return find_start(self.value() or "")


def find_start(period: str) -> datetime | None:
    """Return the first moment of a period that lasts until now, by its name; None for all time."""
    midnight = localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "hour": now() - timedelta(hours=1),
        "today": midnight,
        "week": midnight - timedelta(days=7),
        "month": midnight - timedelta(days=30),
    }
    return starts.get(period)


class NamedChoicesFilter(ChoicesFieldListFilter):
    """Rows by a column with choices, which are called what the column calls them."""

    words: Callable[[], Mapping[str, Text]]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices."""
        words = type(self).words()
        # The first is that of all of them.
        values = ("", *(value for value, _label in self.field.flatchoices))
        for value, choice in zip(values, super().choices(changelist), strict=True):
            yield {**choice, "display": words.get(str(value), choice["display"])}


class IdFilter(SimpleListFilter):
    """Rows that name another one as data; shown while the list is filtered by it, which a link does."""

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Return the one that is chosen."""
        chosen = request.GET.get(self.parameter_name or "")
        return [(chosen, self.name_of(_read_uuid(chosen)))] if chosen else []

    def name_of(self, chosen: UUID) -> str:
        """Return what it is called."""
        return str(chosen)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that name it."""
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): _read_uuid(chosen)}) if chosen else queryset


def _read_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise IncorrectLookupParameters(str(error)) from error


def read_uuid_or_none(text: str) -> UUID | None:
    """Return the UUID that was searched for, if it is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
