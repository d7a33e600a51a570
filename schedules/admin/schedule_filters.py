"""Filters of the list of schedules, in the words of the API."""

from typing import Any

from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from schedules.models import Schedule
from schedules.triggers import KINDS


class StateFilter(ChoicesFieldListFilter):
    """Schedules by their state as the list shows it, by the clock of the database."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep those in the state."""
        chosen = request.GET.get(self.lookup_kwarg)
        return queryset.filter(shown_state=chosen) if chosen else queryset


class TriggerFilter(SimpleListFilter):
    """Schedules by the kind of their trigger."""

    title = "trigger"
    parameter_name = "trigger"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds."""
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> QuerySet[Schedule]:
        """Keep those of the kind."""
        return queryset.filter(trigger=self.value()) if self.value() else queryset
