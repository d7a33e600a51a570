"""The arguments of each kind of trigger as fields of a form: from stored value to text and back, without a loss."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from schedules.triggers.fields import known_zones

Read = Callable[[str], Any]

# What a browser's own field for a moment can show.
_LOCAL_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


class MomentWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold ships no types
    """The browser's own field for a moment; a text field for a value that this one could not show."""

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        """Choose the type of the field by its value."""
        is_local = not value or _LOCAL_MOMENT.fullmatch(str(value)) is not None
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["type"] = "datetime-local" if is_local else "text"
        if is_local:
            context["widget"]["attrs"]["step"] = "1"
        return context


class ZoneWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold ships no types
    """A text field that offers the names of all time zones while one types."""

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the field and its list."""
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-list"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((zone,) for zone in sorted(known_zones())))
        return format_html('{}<datalist id="{}-list">{}</datalist>', field, name, options)


def read_number(text: str) -> int | float | str:
    """Return a number; what is none stays text, so that the trigger says what is wrong with it."""
    if re.fullmatch(r"\d{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"\d{1,18}\.\d{1,18}", text) else text


def read_expression(text: str) -> int | str:
    """Return a plain number as one, and any other expression as it is."""
    return int(text) if re.fullmatch(r"0|[1-9]\d{0,8}", text) else text


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a trigger: how its text is read, and how its field looks."""

    name: str
    read: Read
    hint: str = ""
    widget: type[forms.Widget] = UnfoldAdminTextInputWidget
    example: str = ""
    keyboard: str = "text"

    def make_field(self) -> forms.CharField:
        """Return a new field."""
        attributes = {"placeholder": self.example, "inputmode": self.keyboard, "autocomplete": "off"}
        return forms.CharField(
            required=False,
            label=self.name.replace("_", " ").capitalize(),
            help_text=self.hint,
            widget=self.widget({key: value for key, value in attributes.items() if value}),
        )

    def is_same(self, text: str, stored: object) -> bool:
        """Tell whether a text is what the field showed for a stored value."""
        return text == show(stored) or (self.widget is MomentWidget and _is_same_moment(text, stored))


def _number(name: str) -> Argument:
    return Argument(name, read_number, keyboard="decimal")


def _expression(name: str, hint: str, example: str) -> Argument:
    return Argument(name, read_expression, hint, example=example)


def _moment(name: str, hint: str) -> Argument:
    return Argument(name, str, f"{hint} On the clocks of the schedule's time zone.", MomentWidget)


_BOUNDS = (_moment("start_date", "Nothing fires before it."), _moment("end_date", "Nothing fires after it."))

ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    "interval": (*map(_number, ("weeks", "days", "hours", "minutes", "seconds")), *_BOUNDS),
    "cron": (
        _expression("year", "", "2027"),
        _expression("month", "1 to 12, or jan to dec.", "1-6"),
        _expression("day", "Of the month; also “last” or “2nd fri”.", "*/2"),
        _expression("week", "Of the year, 1 to 53.", "1-53/2"),
        _expression("day_of_week", "mon to sun; as a number, 0 is Monday.", "mon-fri"),
        _expression("hour", "", "2"),
        _expression("minute", "", "30"),
        _expression("second", "", "0"),
        *_BOUNDS,
    ),
    "date": (_moment("run_date", "It fires once, then."),),
}


def field_name(kind: str, argument: str) -> str:
    """Return the name of the field of an argument."""
    return f"{kind}_{argument}"


def field_names(kind: str) -> list[str]:
    """Return the names of the fields of a kind, in their order."""
    return [field_name(kind, argument.name) for argument in ARGUMENTS[kind]]


def show(value: object) -> str:
    """Return the text that a field shows for a stored value."""
    return "" if value is None else str(value).strip()


def can_hold(kind: str, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether the fields show everything that a stored trigger has."""
    names = {argument.name for argument in ARGUMENTS.get(kind, ())}
    return kind in ARGUMENTS and all(key in names and _is_plain(value) for key, value in kwargs.items())


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


def _is_plain(value: object) -> bool:
    return value is None or (isinstance(value, int | float | str) and not isinstance(value, bool))


def _is_same_moment(text: str, stored: object) -> bool:
    """Compare two readings of a clock; a browser leaves out seconds that are zero."""
    try:
        return datetime.fromisoformat(text) == datetime.fromisoformat(show(stored))
    except (ValueError, TypeError):
        return False
