"""The field for a time zone: text that is completed from the names of all zones, each with what its clocks show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from schedules.triggers.fields import known_zones


class ZoneWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold ships no types
    """A text field that offers the names of all time zones while one types."""

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the field and its list."""
        more = {"list": f"{name}-list", "autocomplete": "off", "spellcheck": "false"}
        shown = super().render(name, value, {**(attrs or {}), **more}, renderer)
        this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        options = format_html_join("", '<option value="{}">{}</option>', list_offsets(this_hour))
        return format_html('{}<datalist id="{}-list">{}</datalist>', shown, name, options)


def make_zone_field() -> forms.CharField:
    """Return a new field, which says whose zones are near at hand."""
    own, default = get_current_timezone_name(), settings.TIME_ZONE
    hint = _("On whose clocks it runs: an IANA name, such as Europe/Amsterdam. Yours is %(own)s.") % {"own": own}
    if own != default:
        hint += " " + _("That of this installation is %(default)s.") % {"default": default}
    return forms.CharField(label=gettext_lazy("Time zone"), widget=ZoneWidget, help_text=hint)


@lru_cache(maxsize=2)
def list_offsets(moment: datetime) -> Sequence[tuple[str, str]]:
    """Return every zone with its offset at a moment, by name. Reading the rules of all takes a while, so it is kept."""
    return [(name, f"UTC{_say_offset(moment.astimezone(ZoneInfo(name)))}") for name in sorted(known_zones())]


def _say_offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"{text[:3]}:{text[3:5]}"
