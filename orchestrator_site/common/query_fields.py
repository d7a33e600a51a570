"""Filters of lists that take more than one value, and moments: what django-filter has not."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import Filter

from orchestrator_site.common.clock import read_instant


class ManyWidget(forms.SelectMultiple):
    """Reads `?outcome=missed,error` and `?outcome=missed&outcome=error` alike."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return the values."""
        given = super().value_from_datadict(data, files, name) or []
        return [value for text in given for value in str(text).split(",") if value]


class InstantField(forms.CharField):
    """A moment with an offset from UTC."""

    def clean(self, value: Any) -> datetime | None:
        """Return it in UTC; None if nothing was given."""
        text: str = super().clean(value)
        if not text:
            return None
        try:
            return read_instant(text)
        except ValueError as error:
            raise ValidationError(f"{error} (in an address, + is written %2B)") from None


class ManyFilter(Filter):
    """Keeps the rows that have one of several values."""

    field_class = forms.MultipleChoiceField


class InstantFilter(Filter):
    """Compares with a moment."""

    field_class = InstantField


class WholeNumberFilter(Filter):
    """Compares with a whole number."""

    field_class = forms.IntegerField


def many_filter(values: Iterable[str]) -> ManyFilter:
    """Return a filter on any of `values`, whose error lists them."""
    known = list(values)
    message = f"'%(value)s' is not known; known are {', '.join(known)}"
    return ManyFilter(
        choices=[(value, value) for value in known], widget=ManyWidget, error_messages={"invalid_choice": message}
    )
