"""Filters of the list of schedules: those of `GET /api/schedules`, by the same names, and a few more, in one form."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib.admin import ListFilter
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BoundField, DateTimeField, Field, Form
from django.http import HttpRequest, QueryDict
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy
from django_filters import CharFilter, Filter
from django_filters.fields import ChoiceField

from orchestrator_site.common.admin.display import show_moment
from orchestrator_site.common.admin.widgets import dress
from schedules.admin.schedule_states import FROZEN, state_words
from schedules.models import Schedule
from schedules.selectors import list_schedules
from schedules.serializers import ScheduleFilters
from schedules.triggers import KINDS
from workflows.models import Workflow

LABELS = {
    "name": gettext_lazy("Name"),
    "workflow_name": gettext_lazy("Workflow"),
    "trigger": gettext_lazy("Trigger"),
    "state": gettext_lazy("State"),
    "timezone": gettext_lazy("Time zone"),
    "created_by": gettext_lazy("Created by"),
    "next_run_from": gettext_lazy("Next run from"),
    "next_run_to": gettext_lazy("Next run before"),
}


# The id of the list of workflows that is offered while one types, and how many are.
WORKFLOWS = "schedule-workflows"
MAX_OFFERED = 200


class MomentField(DateTimeField):
    """A moment that is one on the clocks of whoever looks, and of the database."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment; the first and the last day of the calendar are none everywhere."""
        moment = super().to_python(value)
        try:
            return moment and localtime(moment).astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(Filter):
    """Compares with a moment on the clocks of whoever looks."""

    field_class = MomentField


class ListFilters(ScheduleFilters):
    """The filters of the API, and those that only people need."""

    timezone = CharFilter()
    created_by = CharFilter()
    next_run_from = MomentFilter(field_name="next_run_at", lookup_expr="gte")
    next_run_to = MomentFilter(field_name="next_run_at", lookup_expr="lt")


class ScheduleFilter(ListFilter):
    """All of them as one filter of the list; what cannot be used is said at its field, and finds nothing."""

    title = gettext_lazy("filters")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        data = QueryDict(mutable=True)
        # The state also by the name that Django's own filters would give it.
        for spelling, name in (*((name, name) for name in LABELS), ("state__exact", "state")):
            for value in params.pop(spelling, ()):
                if value:
                    data[name] = value
        self.used_parameters.update(data.dict())
        self.form: Form = ListFilters(data=data, queryset=list_schedules()).form
        self.form.fields = {name: _dress(name, self.form.fields[name]) for name in LABELS}
        self._data = data

    def expected_parameters(self) -> list[str | None]:
        """Return the names that the address may have."""
        return [*LABELS, "state__exact"]

    def has_output(self) -> bool:
        """Tell that it has a form to show."""
        return True

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Return nothing: it has no list of choices, but fields."""
        yield from ()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> QuerySet[Schedule]:
        """Keep the schedules that are asked for."""
        filters = ListFilters(data=self._data, queryset=queryset)
        return filters.qs if filters.is_valid() else queryset.none()

    def fields(self) -> list[BoundField]:
        """Return the fields of the form."""
        return [self.form[name] for name in LABELS]

    def workflows(self) -> list[str]:
        """Return the names of workflows that can be scheduled."""
        return list(Workflow.objects.filter(is_task=True).order_by("name").values_list("name", flat=True)[:MAX_OFFERED])

    def applied(self) -> list[tuple[str, str]]:
        """Return what is chosen: the label of each, and its value in words."""
        cleaned = self.form.cleaned_data if self.form.is_valid() else {}
        return [(str(LABELS[name]), self._say(name, cleaned.get(name, given))) for name, given in self._data.items()]

    def _say(self, name: str, value: Any) -> str:
        if name == "state":
            return state_words().get(value, str(value))
        return str(show_moment(value)) if name.startswith("next_run_") and not isinstance(value, str) else str(value)


def _dress(name: str, field: Field) -> Field:
    """Return a field of the API's filters as the admin shows its own."""
    dressed = dress(field)
    dressed.label = LABELS[name]
    if isinstance(dressed, ChoiceField):
        words = state_words() if name == "state" else {kind: kind for kind in KINDS}
        dressed.empty_label = gettext("any")
        dressed.choices = [(value, word) for value, word in words.items() if value != FROZEN]
    if name == "workflow_name":
        dressed.widget.attrs["list"] = WORKFLOWS
    return dressed
