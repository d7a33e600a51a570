"""`?outcome=…&scheduled_from=…`: what may be asked of the ledger, as the API takes it."""

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, FilterSet, UUIDFilter

from orchestrator_site.common.query_fields import InstantFilter, WholeNumberFilter, many_filter
from schedules.history import History
from schedules.models import Firing, FiringCause, FiringOutcome

HIGHEST_MS = 2**63 - 1
INSTANT = "with its offset from UTC"

# What OpenAPI says of them; the names are those of GraphQL's arguments too.
DESCRIPTIONS = {
    "schedule_name": "A part of it, in any case.",
    "outcome": "One or more, separated by commas or given several times.",
    "cause": "One or more, separated by commas or given several times.",
    "scheduled_from": f"Planned then or later, {INSTANT}; a row that stands for many counts if one of them may.",
    "scheduled_to": f"Planned before then, {INSTANT}.",
    "decided_from": f"Decided then or later, {INSTANT}.",
    "decided_to": f"Decided before then, {INSTANT}.",
    "task_id": "The task that was put on the queue.",
    "late_by_ms": "Decided at least so many milliseconds after it was due.",
}


class FiringFilters(FilterSet):
    """The filters of the ledger; `history` is what they ask for together."""

    schedule_id = UUIDFilter()
    schedule_name = CharFilter()
    outcome = many_filter(FiringOutcome.values)
    cause = many_filter(FiringCause.values)
    scheduled_from = InstantFilter()
    scheduled_to = InstantFilter()
    decided_from = InstantFilter()
    decided_to = InstantFilter()
    task_id = UUIDFilter()
    late_by_ms = WholeNumberFilter(min_value=0, max_value=HIGHEST_MS)

    @property
    def history(self) -> History:
        """What is asked for, once the filters are valid.

        Raises:
            InvalidValue: A range ends before it begins.
        """
        values: dict[str, Any] = dict(self.form.cleaned_data)
        return History(outcomes=values.pop("outcome"), causes=values.pop("cause"), **values)

    def filter_queryset(self, queryset: QuerySet[Firing]) -> QuerySet[Firing]:
        """Return the rows that are asked for."""
        return self.history.rows()
