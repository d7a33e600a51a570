"""When two versions of a form are the same, as far as answers go."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator

from tests.unit.workflows.form_fields import INITIALS, KINDS, LETTERS, make_field, make_form_of
from workflows.input_forms import form_digest


def digest(*fields: forms.Field, **named: forms.Field) -> str:
    return form_digest(form=make_form_of(*fields, **named))


CODE = """
import django; django.setup()
from django import forms
from workflows.input_forms import form_digest
class NodeForm(forms.Form):
    node = forms.SlugField(max_length=20)
    ports = forms.TypedMultipleChoiceField(choices={"1": "one", "2": "two", "3": "three"}, coerce=int)
    price = forms.DecimalField(min_value=0, max_digits=5, decimal_places=2, required=False)
print(form_digest(form=NodeForm))
"""


def test_a_digest_is_the_same_in_every_process_and_stays_so() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "orchestrator_site.settings", "PYTHONHASHSEED": "1"}
    shown = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    # Tasks carry it: one that changes has every one that waits for an answer stop as inconsistent.
    assert shown.stdout.strip() == "3774978b2b184201"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (forms.CharField(), forms.CharField(label="Label", help_text="Help", initial="x")),
        (forms.CharField(), forms.CharField(widget=forms.Textarea)),
        (forms.CharField(), forms.CharField(error_messages={"required": "Give one!"})),
        (forms.ChoiceField(choices=LETTERS), forms.ChoiceField(choices=[("c", "x"), ("b", "y"), ("a", "z")])),
        (forms.ChoiceField(choices=LETTERS), forms.ChoiceField(choices=[("", "Choose"), ("group", LETTERS)])),
        (forms.ChoiceField(choices=lambda: LETTERS), forms.ChoiceField(choices=list)),
        (forms.IntegerField(max_value=lambda: 5), forms.IntegerField(max_value=lambda: 6)),
    ],
)
def test_words_order_and_what_only_running_the_form_tells_count_for_nothing(
    one: forms.Field, other: forms.Field
) -> None:
    assert digest(one) == digest(other)


def test_what_is_in_a_folder_counts_for_nothing(tmp_path: Path) -> None:
    before = digest(forms.FilePathField(str(tmp_path)))
    (tmp_path / "file").touch()
    assert digest(forms.FilePathField(str(tmp_path))) == before


@pytest.mark.parametrize("name", ["url", "ip"])
def test_how_django_validates_what_its_field_is_for_counts_for_nothing(name: str) -> None:
    other = make_field(name)
    other.validators = []
    assert digest(make_field(name)) == digest(other)


def test_the_order_of_fields_counts_for_nothing_and_their_names_do() -> None:
    text, number = forms.CharField(), forms.IntegerField()
    assert digest(a=text, b=number) == digest(b=number, a=text)
    assert digest(a=text, b=number) != digest(a=number, b=text)
    assert digest(a=text) != digest(b=text)
    assert digest(a=text) != digest(a=text, b=number)


@pytest.mark.parametrize(
    "versions",
    [
        lambda: [forms.CharField(), forms.CharField(required=False), forms.CharField(disabled=True, max_length=1)],
        lambda: [forms.CharField(), forms.CharField(max_length=5), forms.CharField(max_length=6)],
        lambda: [forms.CharField(), forms.CharField(min_length=5), forms.CharField(validators=[RegexValidator("a")])],
        lambda: [forms.RegexField("a"), forms.RegexField("b")],
        lambda: [
            forms.CharField(validators=[RegexValidator("a")]),
            forms.CharField(validators=[RegexValidator("a", inverse_match=True)]),
        ],
        lambda: [forms.IntegerField(), forms.IntegerField(min_value=1), forms.IntegerField(max_value=1)],
        lambda: [forms.IntegerField(), forms.IntegerField(step_size=2), forms.FloatField(), forms.DecimalField()],
        lambda: [forms.DecimalField(), forms.DecimalField(max_digits=5), forms.DecimalField(decimal_places=5)],
        lambda: [forms.DateField(validators=[MinValueValidator(date(2027, 1, day))]) for day in (1, 2)],
        lambda: [
            forms.DateField(validators=[kind(date(2027, 1, 1))]) for kind in (MinValueValidator, MaxValueValidator)
        ],
        lambda: [forms.ChoiceField(choices=LETTERS), forms.ChoiceField(choices=LETTERS[:2]), forms.CharField()],
        lambda: [forms.ChoiceField(choices=LETTERS), forms.MultipleChoiceField(choices=LETTERS)],
        lambda: [forms.TypedChoiceField(choices=[("1", "1")], coerce=coerce) for coerce in (int, str, bool)],
        lambda: [forms.GenericIPAddressField(protocol=protocol) for protocol in ("both", "ipv4", "ipv6")],
        lambda: [forms.BooleanField(required=False), forms.NullBooleanField(required=False)],
        lambda: [make_field("span"), forms.MultiValueField([forms.DateField(), forms.TimeField()])],
        lambda: [
            forms.ComboField([forms.CharField(max_length=5)]),
            forms.ComboField([forms.CharField(max_length=6)]),
        ],
        lambda: [make_field(name) for name in ("date", "time", "moment", "duration", "uuid", "email", "json", "text")],
    ],
)
def test_what_decides_which_answers_are_taken_counts(versions: Callable[[], list[forms.Field]]) -> None:
    fields = versions()
    assert len({digest(field) for field in fields}) == len(fields)


@pytest.mark.parametrize("name", INITIALS)
def test_an_initial_value_counts_for_nothing(name: str) -> None:
    assert digest(make_field(name)) == digest(make_field(name, initial=INITIALS[name]))


def test_a_form_is_not_made_for_its_digest() -> None:
    class Failing(forms.Form):
        answer = forms.CharField()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise AssertionError

    assert form_digest(form=Failing) == digest(forms.CharField())


def test_a_digest_is_sixteen_hexadecimal_digits() -> None:
    found = {digest(make_field(name)) for name in KINDS}
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in found)
