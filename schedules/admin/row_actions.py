"""What can be done to a schedule from its row of the list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.admin.verbs import ButtonVerb, Verb, VerbsAdmin
from orchestrator_site.common.admin.way_back import PARAMETER as BACK

# The name of a verb → its symbol. Those that are in plain sight come first; the others are in the menu.
IN_SIGHT = {"run": "play_arrow", "pause": "pause", "resume": "resume"}
IN_MENU = {"run-with-inputs": "tune", "change-pause": "edit_calendar", "duplicate": "content_copy"}
ICONS = {**IN_SIGHT, **IN_MENU}


@dataclass(frozen=True, slots=True)
class RowAction:
    """A button or a link of a row.

    Attributes:
        is_post: Whether it acts at once; else it leads to a page.
        is_in_sight: Whether it stands in the row; else in its menu.
    """

    name: str
    label: Text
    url: str
    icon: str
    is_post: bool = False
    is_in_sight: bool = False


def list_row_actions(admin: VerbsAdmin, schedule: Any, request: HttpRequest, *, may_start: bool) -> Iterator[RowAction]:
    """Yield what this user may do to a schedule, in the state in which it is.

    Args:
        admin: Knows the verbs and their addresses.
        schedule: The row.
        request: Whose user is meant, and to whose page a verb goes back.
        may_start: Whether its workflow lets the user start it, which is asked once for all schedules of the workflow.
    """
    for verb in admin.verbs:
        if verb.name in ICONS and request.user.has_perm(verb.permission) and verb.is_offered(schedule):
            if verb.name.startswith("run") and not may_start:
                continue
            yield _make(admin, verb, schedule, request)
    yield RowAction("explain", _("Explain"), reverse("admin:schedules_schedule_explain", args=[schedule.pk]), "help")
    if request.user.has_perm("schedules.view_firing"):
        yield RowAction(
            "history", _("History"), reverse("admin:schedules_schedule_firings", args=[schedule.pk]), "history"
        )


def _make(admin: VerbsAdmin, verb: Verb, schedule: Any, request: HttpRequest) -> RowAction:
    url, is_post = admin.url_of(verb, schedule), isinstance(verb, ButtonVerb)
    back: Mapping[str, str] = {BACK: request.get_full_path()}
    address = url if is_post else f"{url}?{urlencode(back)}"
    label = verb.label if is_post else f"{verb.label}…"
    return RowAction(verb.name, label, address, ICONS[verb.name], is_post, verb.name in IN_SIGHT)
