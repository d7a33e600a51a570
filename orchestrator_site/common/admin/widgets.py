"""Fields that were written for any page, as the admin shows them."""

import copy

from django import forms
from django.forms.widgets import ChoiceWidget, DateTimeBaseInput, Input
from unfold.widgets import (
    CHECKBOX_CLASSES,
    DATETIME_CLASSES,
    INPUT_CLASSES,
    RADIO_CLASSES,
    SELECT_CLASSES,
    TEXTAREA_CLASSES,
)

# What browsers have pickers for: Django's own widget → the type of the input, and its value as HTML writes it.
_PICKERS: dict[type[forms.Widget], tuple[str, str]] = {
    forms.DateInput: ("date", "%Y-%m-%d"),
    forms.TimeInput: ("time", "%H:%M:%S"),
    forms.DateTimeInput: ("datetime-local", "%Y-%m-%dT%H:%M:%S"),
}

# The first that fits counts: what a class is made from stands after it.
_CLASSES: tuple[tuple[type[forms.Widget], list[str]], ...] = (
    (forms.CheckboxSelectMultiple, CHECKBOX_CLASSES),
    (forms.RadioSelect, RADIO_CLASSES),
    (forms.CheckboxInput, CHECKBOX_CLASSES),
    (forms.SelectMultiple, [*SELECT_CLASSES, "admin-choices"]),
    (forms.Select, SELECT_CLASSES),
    (forms.Textarea, TEXTAREA_CLASSES),
    (forms.HiddenInput, []),
    (DateTimeBaseInput, DATETIME_CLASSES),
    (Input, INPUT_CLASSES),
)

# The templates of Django's own widgets → those of the admin for the same.
_TEMPLATES = {
    "django/forms/widgets/select.html": "unfold/widgets/select.html",
    "django/forms/widgets/radio.html": "unfold/widgets/radio.html",
    "django/forms/widgets/radio_option.html": "unfold/widgets/radio_option.html",
    "django/forms/widgets/checkbox_select.html": "unfold/widgets/radio.html",
    "django/forms/widgets/checkbox_option.html": "unfold/widgets/radio_option.html",
}


def dress(field: forms.Field) -> forms.Field:
    """Return a copy of a field that looks like the others of the admin, and takes what it takes."""
    dressed = copy.deepcopy(field)
    _dress_widget(dressed.widget)
    if isinstance(dressed, forms.JSONField):
        _add_classes(dressed.widget, ["admin-code"])
    return dressed


def _dress_widget(widget: forms.Widget) -> None:
    if isinstance(widget, forms.MultiWidget):
        for part in widget.widgets:
            _dress_widget(part)
        return
    if type(widget) in _PICKERS:
        _make_picker(widget)
    _add_classes(widget, next((classes for kind, classes in _CLASSES if isinstance(widget, kind)), []))
    if isinstance(widget, ChoiceWidget):
        widget.template_name = _admin_template(widget.template_name)
        widget.option_template_name = _admin_template(widget.option_template_name)


def _admin_template(name: str | None) -> str:
    assert name is not None, "every widget that offers choices has templates"
    return _TEMPLATES.get(name, name)


def _make_picker(widget: forms.Widget) -> None:
    """Have the browser offer its picker; it gives seconds where there are some."""
    assert isinstance(widget, DateTimeBaseInput), "pickers are of dates and times"
    widget.input_type, html_format = _PICKERS[type(widget)]
    widget.format = widget.format or html_format
    if widget.format != html_format:  # the author wants it written in another way, which no picker does
        widget.input_type = "text"
    if widget.input_type != "date":
        widget.attrs.setdefault("step", 1)


def _add_classes(widget: forms.Widget, classes: list[str]) -> None:
    if classes:
        widget.attrs["class"] = " ".join([*classes, widget.attrs.get("class", "")]).strip()
