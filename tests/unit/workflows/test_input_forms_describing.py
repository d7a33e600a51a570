"""The JSON schema of a form."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    RegexValidator,
)
from django.utils.ipv6 import MAX_IPV6_ADDRESS_LENGTH
from django.utils.translation import gettext_lazy
from jsonschema import Draft202012Validator

from tests.unit.workflows.form_fields import GROUPED, LETTERS, make_field, make_form_of
from workflows.input_forms import describe_form

ABC = [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}, {"const": "c", "title": "C"}]


def describe(field: forms.Field) -> dict[str, Any]:
    """Return the schema of a field without its title."""
    schema = describe_form(form=make_form_of(field))["properties"]["answer"]
    assert schema.pop("title") == "Answer"
    return dict(schema)


def is_valid(field: forms.Field, answer: object) -> bool:
    return bool(Draft202012Validator(describe_form(form=make_form_of(field))).is_valid({"answer": answer}))


def test_the_schema_of_a_form_is_an_object_of_its_fields() -> None:
    class NodeForm(forms.Form):
        node_name = forms.CharField(help_text=gettext_lazy("As in the inventory."))
        is_new = forms.BooleanField(required=False, label=gettext_lazy("New?"), initial=True)
        region = forms.CharField(required=False)

    assert describe_form(form=NodeForm) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "NodeForm",
        "properties": {
            "node_name": {
                "title": "Node name",
                "description": "As in the inventory.",
                "type": "string",
                "minLength": 1,
            },
            "is_new": {"title": "New?", "default": True, "type": ["boolean", "null"]},
            "region": {"title": "Region", "type": ["string", "null"]},
        },
        "required": ["node_name"],
        "additionalProperties": False,
    }


def test_a_form_without_fields_takes_no_inputs() -> None:
    schema = describe_form(form=forms.Form)
    assert (schema["properties"], schema["required"], schema["additionalProperties"]) == ({}, [], False)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (forms.CharField, {"type": "string", "minLength": 1}),
        (forms.EmailField, {"type": "string", "format": "email", "minLength": 1, "maxLength": 320}),
        (lambda: forms.URLField(assume_scheme="https"), {"type": "string", "format": "uri", "minLength": 1}),
        (forms.UUIDField, {"type": "string", "format": "uuid", "minLength": 1}),
        (forms.SlugField, {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "minLength": 1}),
        (forms.GenericIPAddressField, {"type": "string", "minLength": 1, "maxLength": MAX_IPV6_ADDRESS_LENGTH}),
        (
            lambda: forms.GenericIPAddressField(protocol="IPv4"),
            {"type": "string", "format": "ipv4", "minLength": 1, "maxLength": MAX_IPV6_ADDRESS_LENGTH},
        ),
        (forms.IntegerField, {"type": "integer"}),
        (forms.FloatField, {"type": "number"}),
        (forms.DecimalField, {"type": ["number", "string"], "format": "decimal"}),
        (forms.BooleanField, {"type": "boolean", "const": True}),
        (forms.NullBooleanField, {"type": ["boolean", "null"]}),
        (forms.DateField, {"type": "string", "format": "date"}),
        (forms.TimeField, {"type": "string", "format": "time"}),
        (forms.DateTimeField, {"type": "string", "format": "date-time"}),
        (forms.SplitDateTimeField, {"type": "string", "format": "date-time"}),
        (forms.DurationField, {"type": "string", "format": "duration"}),
        (forms.JSONField, {}),
        (forms.Field, {}),
        (lambda: make_field("tags"), {}),
        (lambda: make_field("percentage"), {"type": ["number", "string"], "format": "decimal"}),
    ],
)
def test_a_kind_of_field_has_a_type_and_a_format(make: Callable[[], forms.Field], expected: dict[str, Any]) -> None:
    assert describe(make()) == expected


@pytest.mark.parametrize(
    "make", [forms.CharField, forms.IntegerField, forms.BooleanField, forms.DecimalField, forms.DateField]
)
def test_null_is_an_answer_where_none_is_required(make: Callable[..., forms.Field]) -> None:
    assert is_valid(make(required=False), None)
    assert not is_valid(make(), None)


def test_a_field_is_required_unless_no_answer_is_needed() -> None:
    form = make_form_of(
        yes=forms.CharField(),
        no=forms.CharField(required=False),
        unknown=forms.NullBooleanField(),
        disabled=forms.CharField(disabled=True, initial="x"),
    )
    assert describe_form(form=form)["required"] == ["yes"]


def test_bounds_come_from_arguments_and_validators_and_the_strictest_counts() -> None:
    number = forms.IntegerField(min_value=1, max_value=9, step_size=2, validators=[MinValueValidator(3)])
    assert describe(number) == {"type": "integer", "minimum": 3, "maximum": 9}
    assert describe(forms.IntegerField(step_size=5)) == {"type": "integer", "multipleOf": 5}
    assert describe(forms.FloatField(validators=[MaxValueValidator(Decimal("0.5"))])) == {
        "type": "number",
        "maximum": 0.5,
    }
    assert describe(forms.IntegerField(min_value=lambda: 7)) == {"type": "integer", "minimum": 7}
    text = forms.CharField(min_length=2, max_length=9, validators=[MaxLengthValidator(5)])
    assert describe(text) == {"type": "string", "minLength": 2, "maxLength": 5}
    day = forms.DateField(validators=[MinValueValidator(date(2027, 1, 1))])
    assert describe(day) == {"type": "string", "format": "date"}
    several = forms.MultipleChoiceField(choices=LETTERS, validators=[MinLengthValidator(2), MaxLengthValidator(3)])
    assert {"minItems": 2, "maxItems": 3}.items() <= describe(several).items()


def test_the_empty_text_passes_the_bounds_where_no_answer_is_required() -> None:
    field = forms.CharField(min_length=3, max_length=5, required=False, validators=[RegexValidator("^a")])
    assert describe(field) == {
        "type": ["string", "null"],
        "maxLength": 5,
        "anyOf": [{"maxLength": 0}, {"minLength": 3, "pattern": "^a"}],
    }
    assert [is_valid(field, text) for text in ("", None, "abc", "ab", "bcd")] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("validators", "expected"),
    [
        ([RegexValidator(r"\A[a-z]{2}\d\Z")], {"pattern": r"^[a-z]{2}\d$"}),
        ([RegexValidator("^(?:a|b)(?!c)")], {"pattern": "^(?:a|b)(?!c)"}),
        ([RegexValidator("a"), RegexValidator("b")], {"allOf": [{"pattern": "a"}, {"pattern": "b"}]}),
        # What ECMA-262 reads in another way, or cannot read, is left to the form.
        ([RegexValidator(r"^\w+$")], {}),
        ([RegexValidator("(?P<letter>a)")], {}),
        ([RegexValidator("a", flags=re.IGNORECASE)], {}),
        ([RegexValidator("a", inverse_match=True)], {}),
    ],
)
def test_a_pattern_is_described_if_it_means_the_same_in_json_schema(
    validators: list[RegexValidator], expected: dict[str, Any]
) -> None:
    assert describe(forms.CharField(validators=validators)) == {"type": "string", "minLength": 1, **expected}


def test_choices_are_constants_with_titles_and_groups_are_flattened() -> None:
    assert describe(forms.ChoiceField(choices=[("", "Choose one"), *LETTERS])) == {"type": "string", "oneOf": ABC}
    assert describe(forms.ChoiceField(choices=GROUPED))["oneOf"] == [
        {"const": "a", "title": "A again"},
        *ABC[1:],
    ]
    assert describe(forms.ChoiceField(choices=lambda: LETTERS))["oneOf"] == ABC
    assert describe(make_field("doubled choice")) == {
        "type": "integer",
        "oneOf": [{"const": 2, "title": "one"}, {"const": 4, "title": "two"}],
    }


def test_no_choice_is_one_of_them_where_none_is_required() -> None:
    choices = [("", "Any"), ("a", "A")]
    assert describe(forms.ChoiceField(choices=choices, required=False)) == {
        "type": ["null", "string"],
        "oneOf": [ABC[0], {"const": None, "title": "Any"}, {"const": "", "title": "Any"}],
    }
    assert describe(forms.TypedChoiceField(choices=LETTERS[:1], empty_value=None, required=False)) == {
        "type": ["null", "string"],
        "oneOf": [ABC[0], {"const": None}],
    }


def test_several_choices_are_a_list() -> None:
    items = {"type": "string", "oneOf": ABC}
    assert describe(forms.MultipleChoiceField(choices=LETTERS)) == {"type": "array", "items": items, "minItems": 1}
    assert describe(forms.MultipleChoiceField(choices=LETTERS, required=False)) == {
        "type": ["array", "null"],
        "items": items,
    }


def test_without_choices_nothing_is_right() -> None:
    assert not is_valid(forms.ChoiceField(choices=[]), "a")
    assert is_valid(forms.ChoiceField(choices=[], required=False), "")
    assert not is_valid(forms.MultipleChoiceField(choices=[]), ["a"])


def test_a_field_of_several_is_a_list_of_what_each_takes() -> None:
    part = {"type": "string", "format": "date"}
    assert describe(make_field("span")) == {
        "type": "array",
        "prefixItems": [{**part, "type": ["string", "null"]}] * 2,
        "maxItems": 2,
    }


def test_a_combined_field_takes_what_all_take() -> None:
    assert describe(make_field("combined")) == {
        "allOf": [
            {"type": "string", "minLength": 1, "maxLength": 20},
            {"type": "string", "format": "email", "minLength": 1, "maxLength": 320},
        ]
    }


@pytest.mark.parametrize(
    ("field", "default"),
    [
        (forms.CharField(initial="north"), "north"),
        (forms.CharField(initial=lambda: "north"), "north"),
        (forms.CharField(initial=""), ""),
        (forms.BooleanField(initial=False), False),
        (forms.DateField(initial=date(2027, 3, 28)), "2027-03-28"),
        (forms.DateTimeField(initial=datetime(2027, 3, 28, 1, tzinfo=UTC)), "2027-03-28T01:00:00Z"),
        (forms.DecimalField(initial=Decimal("1.50")), "1.50"),
        (forms.MultipleChoiceField(choices=LETTERS, initial=set("hgfedcba")), [*"abcdefgh"]),
    ],
)
def test_the_initial_value_is_the_default(field: forms.Field, default: object) -> None:
    assert describe(field)["default"] == default


@pytest.mark.parametrize(
    "field",
    [forms.CharField(), forms.CharField(initial=object()), forms.CharField(initial="x", widget=forms.PasswordInput)],
)
def test_there_is_no_default_if_nothing_is_initial_or_it_is_no_json_or_a_secret(field: forms.Field) -> None:
    assert "default" not in describe(field)


def test_a_secret_is_write_only_and_a_disabled_field_read_only() -> None:
    assert describe(forms.CharField(widget=forms.PasswordInput))["writeOnly"] is True
    disabled = describe(forms.IntegerField(disabled=True, initial=5))
    assert (disabled["readOnly"], disabled["default"]) == (True, 5)


@pytest.mark.parametrize(
    ("field", "answers"),
    [
        (forms.DateField(), {"2027-03-28": True, "28/03/2027": False}),
        (forms.UUIDField(), {"0196f2a0-0000-7000-8000-000000000000": True, "x": False}),
        (forms.EmailField(), {"a@b.nl": True, "a": False}),
    ],
)
def test_a_format_is_one_that_json_schema_knows(field: forms.Field, answers: dict[str, bool]) -> None:
    validator = Draft202012Validator(describe(field), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert {answer: validator.is_valid(answer) for answer in answers} == answers
