"""A schedule like another one: the form that adds one is filled in, and nothing is stored before it is saved."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.filters import read_uuid_or_none
from orchestrator_site.common.admin.pages import PageAdmin
from schedules.models import Schedule
from schedules.rules import POLICIES
from schedules.selectors import list_schedules
from schedules.trigger_fields import can_hold, field_name, show
from schedules.triggers import OPTIONS

COPY_OF = "copy_of"
MAX_NAME_CHARACTERS = 255


def copy_url(schedule: Schedule) -> str:
    """Return the address of the form that adds one like this."""
    return f"{reverse('admin:schedules_schedule_add')}?{urlencode({COPY_OF: schedule.pk})}"


class DuplicateAdmin(PageAdmin):
    """A form that can be filled in with what another row has."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the form shows at first."""
        if COPY_OF not in request.GET:
            return dict(super().get_changeform_initial_data(request))
        if not self.has_view_permission(request):
            raise PermissionDenied
        original = _find(read_uuid_or_none(request.GET[COPY_OF]))
        if original is None:
            messages.warning(request, _("The schedule that was to be copied is gone."))
            return {}
        if not can_hold(original.trigger, original.trigger_kwargs):
            told = _("These fields cannot show its trigger in full, %(trigger)s: fill in a trigger.")
            messages.warning(request, told % {"trigger": original.trigger_text})
        return copy_values(original)


def copy_values(original: Schedule) -> dict[str, Any]:
    """Return the values of the form's fields that make a schedule like this one, under another name."""
    values = {name: getattr(original, name) for name in ("trigger", "inputs", *OPTIONS, *POLICIES)}
    values["spread_seconds"] = original.spread_seconds or None
    values["workflow"] = original.workflow.pk
    name = _("%(name)s (copy)")
    room = MAX_NAME_CHARACTERS - len(name % {"name": ""})
    values["name"] = name % {"name": original.name[:room]}
    if can_hold(original.trigger, original.trigger_kwargs):
        for argument, value in original.trigger_kwargs.items():
            values[field_name(original.trigger, argument)] = show(value)
    return values


def _find(schedule_id: UUID | None) -> Schedule | None:
    return list_schedules().filter(pk=schedule_id).first() if schedule_id else None
