"""The arguments of each kind of trigger as fields of a form: from stored value to text and back, without a loss."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from orchestrator_site.common.admin.forms import read_json
from orchestrator_site.common.admin.texts import Text

Read = Callable[[str], Any]
IsSame = Callable[[str, object], bool]

# What a browser's own fields can show.
_LOCAL_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# The name of an argument is its label in English, as the API has it.
LABELS: dict[str, Text] = {
    "weeks": _("Weeks"),
    "days": _("Days"),
    "hours": _("Hours"),
    "minutes": _("Minutes"),
    "seconds": _("Seconds"),
    "years": _("Years"),
    "months": _("Months"),
    "year": _("Year"),
    "month": _("Month"),
    "day": _("Day"),
    "week": _("Week"),
    "day_of_week": _("Day of week"),
    "hour": _("Hour"),
    "minute": _("Minute"),
    "second": _("Second"),
    "crontab": _("Crontab"),
    "run_date": _("Run date"),
    "start_date": _("Start date"),
    "end_date": _("End date"),
    "triggers": _("Triggers"),
    "threshold_seconds": _("Threshold seconds"),
}

TRIGGERS_EXAMPLE = """[
  {"trigger": "cron", "trigger_kwargs": {"hour": 8}},
  {"trigger": "interval", "trigger_kwargs": {"hours": 12}}
]"""


class MomentWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold ships no types
    """The browser's own field for a moment; a text field for a value that this one could not show."""

    own_type, shown_by_it, step = "datetime-local", _LOCAL_MOMENT, "1"

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        """Choose the type of the field by its value."""
        is_own = not value or self.shown_by_it.fullmatch(str(value)) is not None
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["type"] = self.own_type if is_own else "text"
        if is_own:
            context["widget"]["attrs"]["step"] = self.step
        return context


class DateWidget(MomentWidget):
    """The browser's own field for a day; a text field for a value with a time."""

    own_type, shown_by_it = "date", _DATE


def read_number(text: str) -> int | float | str:
    """Return a number; what is none stays text, so that the trigger says what is wrong with it."""
    if re.fullmatch(r"\d{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"\d{1,18}\.\d{1,18}", text) else text


def read_expression(text: str) -> int | str:
    """Return a plain number as one, and any other expression as it is."""
    return int(text) if re.fullmatch(r"0|[1-9]\d{0,8}", text) else text


def show(value: object) -> str:
    """Return the text that a field shows for a stored value."""
    if isinstance(value, list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return "" if value is None else str(value).strip()


def _is_plain(value: object) -> bool:
    return value is None or (isinstance(value, int | float | str) and not isinstance(value, bool))


def _is_same_text(text: str, stored: object) -> bool:
    return text == show(stored)


def _is_same_moment(text: str, stored: object) -> bool:
    """Compare two readings of a clock; a browser leaves out seconds that are zero."""
    try:
        return text == show(stored) or datetime.fromisoformat(text) == datetime.fromisoformat(show(stored))
    except (ValueError, TypeError):
        return False


def _is_same_json(text: str, stored: object) -> bool:
    """Compare two JSON values, whatever their spacing; 1, 1.0 and true are not the same."""
    try:
        return json.dumps(read_json(text), sort_keys=True) == json.dumps(stored, sort_keys=True)
    except forms.ValidationError:
        return False


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a trigger: how its text is read, and how its field looks.

    Attributes:
        read: From what was typed to the value that is stored.
        is_same: Whether a text is what the field showed for a stored value.
        holds: Whether the field can show a stored value.
        check: Raises ValidationError for a text that cannot be read at all.
    """

    name: str
    read: Read
    hint: Text = ""
    is_same: IsSame = _is_same_text
    holds: Callable[[object], bool] = _is_plain
    check: Read | None = None
    widget: type[forms.Widget] = UnfoldAdminTextInputWidget
    attributes: Mapping[str, str] = field(default_factory=dict)

    def make_field(self) -> forms.CharField:
        """Return a new field."""
        return forms.CharField(
            required=False,
            label=LABELS[self.name],
            help_text=self.hint,
            widget=self.widget({"autocomplete": "off", **self.attributes}),
            validators=[self.check] if self.check else [],
        )


def _number(name: str, hint: Text = "", example: str = "", *, keyboard: str = "decimal") -> Argument:
    return Argument(name, read_number, hint, attributes={"inputmode": keyboard, "placeholder": example})


def _whole(name: str, hint: Text = "", example: str = "") -> Argument:
    return _number(name, hint, example, keyboard="numeric")


def _expression(name: str, hint: Text, example: str) -> Argument:
    return Argument(name, read_expression, hint, attributes={"placeholder": example})


def _moment(name: str, hint: Text) -> Argument:
    hint = format_lazy("{} {}", hint, _("On the clocks of the schedule's time zone."))
    return Argument(name, str, hint, is_same=_is_same_moment, widget=MomentWidget)


def _triggers(hint: Text) -> Argument:
    return Argument(
        "triggers",
        read_json,
        format_lazy(
            "{} {}",
            hint,
            _("A JSON list; each has its trigger and trigger_kwargs, as over REST. They may be nested."),
        ),
        is_same=_is_same_json,
        holds=lambda value: isinstance(value, list),
        check=read_json,
        widget=UnfoldAdminTextareaWidget,
        attributes={"placeholder": TRIGGERS_EXAMPLE, "rows": "10", "spellcheck": "false", "class": "admin-code"},
    )


_BOUNDS = (_moment("start_date", _("Nothing fires before it.")), _moment("end_date", _("Nothing fires after it.")))

ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    "interval": (*map(_number, ("weeks", "days", "hours", "minutes", "seconds")), *_BOUNDS),
    "cron": (
        Argument(
            "crontab",
            str,
            _(
                "Five fields as in a crontab (0 and 7 are Sunday), or six with the seconds first, or @daily and its "
                "like; in place of the fields below, but for start and end."
            ),
            attributes={"placeholder": "30 2 * * 1-5", "class": "admin-code"},
        ),
        _expression("year", "", "2027"),
        _expression("month", _("1 to 12, or jan to dec."), "1-6"),
        _expression("day", _("Of the month; also “last” or “2nd fri”."), "*/2"),
        _expression("week", _("Of the year, 1 to 53."), "1-53/2"),
        _expression("day_of_week", _("mon to sun; as a number, 0 is Monday."), "mon-fri"),
        _expression("hour", "", "2"),
        _expression("minute", "", "30"),
        _expression("second", "", "0"),
        *_BOUNDS,
    ),
    "date": (_moment("run_date", _("It fires once, then.")),),
    "calendarinterval": (
        *(_whole(name) for name in ("years", "months", "weeks", "days")),
        *(_whole(name, _("Of the time of day."), "0") for name in ("hour", "minute", "second")),
        Argument("start_date", str, _("The day that is counted from; empty for today."), widget=DateWidget),
        Argument("end_date", str, _("Nothing fires after this day."), widget=DateWidget),
    ),
    "and": (
        _triggers(_("Fires when all of these do.")),
        _number("threshold_seconds", _("How far apart those moments may lie: 0 to 3600 seconds."), "1"),
    ),
    "or": (_triggers(_("Fires when any of these does.")),),
}


def field_name(kind: str, argument: str) -> str:
    """Return the name of the field of an argument."""
    return f"{kind}_{argument}"


def field_names(kind: str) -> list[str]:
    """Return the names of the fields of a kind, in their order."""
    return [field_name(kind, argument.name) for argument in ARGUMENTS[kind]]


def can_hold(kind: str, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether the fields show everything that a stored trigger has."""
    arguments = {argument.name: argument for argument in ARGUMENTS.get(kind, ())}
    return kind in ARGUMENTS and all(key in arguments and arguments[key].holds(value) for key, value in kwargs.items())


def read_kwargs(kind: str, texts: Mapping[str, str], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the fields of a kind hold.

    A field that was not touched gives the stored value itself: the number 2 stays one, and so does the text "2".

    Args:
        kind: Whose fields.
        texts: The text of each field, by its name.
        stored: The arguments that the fields showed; none if they showed another kind.
    """
    kwargs: dict[str, Any] = {}
    for argument in ARGUMENTS[kind]:
        text = texts.get(field_name(kind, argument.name), "")
        if argument.name in stored and argument.is_same(text, stored[argument.name]):
            kwargs[argument.name] = stored[argument.name]
        elif text:
            kwargs[argument.name] = argument.read(text)
    return kwargs
