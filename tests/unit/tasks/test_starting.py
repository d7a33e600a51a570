"""Answers held against a form, and what is said of a form that cannot be used."""

from typing import Any

import pytest
from django import forms

from tasks.starting import FormBroken, clean_answers


class ForUser(forms.Form):
    def __init__(self, user: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class Failing(forms.Form):
    def clean(self) -> dict[str, Any]:
        raise LookupError("no such node")


class WithFile(forms.Form):
    config = forms.FileField()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (ForUser, "form 'ForUser' cannot be made with no arguments alone"),
        (Failing, "form 'Failing' has an error in its cleaning: LookupError: no such node"),
        (WithFile, "field 'config' of form 'WithFile' takes a file"),
    ],
)
def test_a_form_that_cannot_be_used_is_told_apart_from_bad_answers(form: type[forms.Form], words: str) -> None:
    with pytest.raises(FormBroken) as refusal:
        clean_answers(form, {})
    assert str(refusal.value).startswith(words)
