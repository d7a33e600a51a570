"""What a single field takes as JSON, and what becomes of it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone

from tests.unit.workflows.form_fields import LETTERS, make_field, make_form_of
from workflows.engine.errors import InvalidFormInputs
from workflows.input_forms import validate_form

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def clean(field: forms.Field, *answer: Any) -> Any:
    """Return what becomes of an answer; of none if none is given."""
    inputs = {"answer": answer[0]} if answer else {}
    return validate_form(form=make_form_of(field), inputs=inputs)["answer"]


def refuse(field: forms.Field, *answer: Any) -> list[str]:
    """Return the messages with which an answer is refused."""
    with pytest.raises(InvalidFormInputs) as refusal:
        clean(field, *answer)
    return refusal.value.errors["answer"]


@pytest.mark.parametrize("answer", [True, "true", "True", "1", 1])
def test_what_is_true(answer: Any) -> None:
    assert clean(forms.BooleanField(), answer) is True
    assert clean(forms.BooleanField(required=False), answer) is True
    assert clean(forms.NullBooleanField(), answer) is True


@pytest.mark.parametrize("answer", [False, "false", "False", "0", 0])
def test_what_is_false_is_not_enough_where_a_boolean_is_required(answer: Any) -> None:
    assert clean(forms.BooleanField(required=False), answer) is False
    assert clean(forms.NullBooleanField(), answer) is False
    assert refuse(forms.BooleanField(), answer) == ["This field is required."]


def test_null_is_false_for_a_boolean_and_unknown_for_a_null_boolean() -> None:
    assert clean(forms.BooleanField(required=False), None) is False
    assert clean(forms.NullBooleanField(), None) is None
    assert clean(forms.NullBooleanField()) is None
    assert refuse(forms.BooleanField(), None) == ["This field is required."]


@pytest.mark.parametrize("answer", ["no", "off", "falsch", 2, 0.5, [], [False], {}])
@pytest.mark.parametrize("kind", [forms.BooleanField, forms.NullBooleanField])
def test_what_is_neither_true_nor_false_is_no_boolean(kind: Callable[..., forms.Field], answer: Any) -> None:
    assert refuse(kind(required=False), answer) == ["Give true or false."]


@pytest.mark.parametrize(
    ("make", "answer", "expected"),
    [
        (forms.CharField, "  north ", "north"),
        (forms.CharField, 5, "5"),
        (forms.IntegerField, 5, 5),
        (forms.IntegerField, "5", 5),
        (forms.IntegerField, 5.0, 5),
        (forms.IntegerField, 1e16, 10**16),
        (forms.IntegerField, -(10**30), -(10**30)),
        (forms.FloatField, 1, 1.0),
        (forms.FloatField, "1e3", 1000.0),
        (forms.DecimalField, "0.10", "0.10"),
        (forms.DecimalField, 0.1, "0.1"),
        (forms.DecimalField, "12345678901234567890.12", "12345678901234567890.12"),
        (forms.DateField, "2027-03-28", "2027-03-28"),
        (forms.DateField, "28/03/2027", "2027-03-28"),
        (forms.TimeField, "13:45", "13:45:00"),
        (forms.TimeField, "13:45:00.25", "13:45:00.250000"),
        (forms.DateTimeField, "2027-03-28T03:00:00+02:00", "2027-03-28T01:00:00Z"),
        (forms.DateTimeField, "2027-03-28T01:00:00.5Z", "2027-03-28T01:00:00.500000Z"),
        (forms.DateTimeField, "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        (forms.SplitDateTimeField, "2027-03-28T03:00:00+02:00", "2027-03-28T01:00:00Z"),
        (forms.DurationField, 90, "P0DT00H01M30S"),
        (forms.DurationField, "P1DT2H", "P1DT02H00M00S"),
        (forms.DurationField, "1 02:00:00", "P1DT02H00M00S"),
        (forms.UUIDField, "0196F2A000007000800000000000ABCD", "0196f2a0-0000-7000-8000-00000000abcd"),
        (forms.JSONField, {"a": [1, None]}, {"a": [1, None]}),
        (forms.JSONField, "5", "5"),
        (forms.JSONField, "null", "null"),
        (forms.JSONField, '{"a": 1}', '{"a": 1}'),
        (forms.JSONField, 0, 0),
        (forms.JSONField, False, False),
    ],
)
def test_an_answer_becomes_plain_json(make: Callable[[], forms.Field], answer: Any, expected: Any) -> None:
    cleaned = clean(make(), answer)
    assert (type(cleaned), cleaned) == (type(expected), expected)


@pytest.mark.parametrize(
    ("make", "answer", "message"),
    [
        (forms.CharField, ["a"], "Give text, not a list."),
        (forms.CharField, True, "Give text, not a boolean."),
        (forms.CharField, {"a": 1}, "Give text, not an object."),
        (forms.GenericIPAddressField, 5, "Enter a valid IPv4 or IPv6 address."),
        (forms.IntegerField, True, "Give a number, not a boolean."),
        (forms.FloatField, True, "Give a number, not a boolean."),
        (forms.DecimalField, [1], "Give a number, not a list."),
        (forms.IntegerField, 5.5, "Enter a whole number."),
        (forms.FloatField, 10**400, "Enter a number."),
        (forms.FloatField, "nan", "Enter a number."),
        (lambda: forms.IntegerField(step_size=3), "9" * 400, "Enter a whole number."),
        (forms.DateField, 20270328, "Give a date such as 2027-03-28, not a number."),
        (forms.DateField, "2027-02-30", "Enter a valid date."),
        (forms.TimeField, 13, "Give a time such as 13:45:00, not a number."),
        (forms.TimeField, "24:00", "Enter a valid time."),
        (forms.DateTimeField, False, "Give a time such as 2027-03-28T01:00:00Z, not a boolean."),
        (forms.DurationField, True, "Give a duration such as P1DT12H, or seconds, not a boolean."),
        (lambda: forms.ChoiceField(choices=LETTERS), ["a"], "Give one of the choices, not a list."),
        (lambda: forms.ChoiceField(choices=[("['a']", "A")]), ["a"], "Give one of the choices, not a list."),
        (lambda: forms.MultipleChoiceField(choices=LETTERS), "a", "Give a list of choices, not text."),
        (
            lambda: forms.MultipleChoiceField(choices=LETTERS, required=False),
            0,
            "Give a list of choices, not a number.",
        ),
    ],
)
def test_an_answer_of_another_kind_is_refused(make: Callable[[], forms.Field], answer: Any, message: str) -> None:
    assert refuse(make(), answer) == [message]


def test_a_date_in_iso_format_is_one_whatever_formats_the_field_has() -> None:
    assert clean(forms.DateField(input_formats=["%d-%m-%Y"]), "28-03-2027") == "2027-03-28"
    assert clean(forms.DateField(input_formats=["%d-%m-%Y"]), "2027-03-28") == "2027-03-28"
    assert clean(forms.TimeField(input_formats=["%H"]), "13") == "13:00:00"
    assert clean(forms.TimeField(input_formats=["%H"]), "13:00:00") == "13:00:00"


@pytest.mark.parametrize("make", [forms.DateTimeField, forms.SplitDateTimeField])
def test_a_moment_without_an_offset_is_in_the_current_zone_and_stays_what_it_was(
    make: Callable[[], forms.Field],
) -> None:
    with timezone.override(AMSTERDAM):
        cleaned = clean(make(), "2027-07-01T12:00:00")
    assert cleaned == "2027-07-01T10:00:00Z"
    with timezone.override(ZoneInfo("Pacific/Kiritimati")):
        assert clean(make(), cleaned) == cleaned


@pytest.mark.parametrize("make", [forms.DateTimeField, forms.SplitDateTimeField])
@pytest.mark.parametrize("reading", ["2027-03-28T02:30:00", "2027-10-31T02:30:00"])
def test_a_reading_that_the_clocks_skip_or_show_twice_is_refused(make: Callable[[], forms.Field], reading: str) -> None:
    with timezone.override(AMSTERDAM):
        [message] = refuse(make(), reading)
    assert "may be ambiguous or it may not exist" in message


@pytest.mark.parametrize(
    ("zone", "answer"), [("America/New_York", "0001-01-01T00:00:00Z"), ("Asia/Tokyo", "9999-12-31T23:59:59Z")]
)
def test_a_moment_that_the_local_calendar_does_not_have_cannot_be_split(zone: str, answer: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert refuse(forms.SplitDateTimeField(), answer) == ["Give a time that the local calendar has."]
        assert clean(forms.DateTimeField(), answer) == answer


def test_choices_are_known_by_their_values_and_by_their_keys() -> None:
    assert clean(make_field("integer choice"), 1) == 1
    assert clean(make_field("integer choice"), "1") == 1
    assert clean(make_field("doubled choice"), 4) == 4
    assert clean(make_field("doubled choice"), "2") == 4
    assert clean(make_field("enum choice"), "red") == "red"
    assert clean(make_field("enum choice"), "RED") == "red"
    assert clean(make_field("boolean choice"), False) is False
    assert clean(make_field("integer choices"), [2, "1"]) == [2, 1]
    assert "3 is not one of the available choices" in refuse(make_field("integer choice"), 3)[0]


def test_no_choice_is_what_the_field_says() -> None:
    assert clean(forms.ChoiceField(choices=LETTERS, required=False), None) == ""
    assert clean(make_field("integer choice", required=False), None) is None
    assert clean(make_field("doubled choice", required=False), None) == -1
    assert clean(make_field("doubled choice", required=False), -1) == -1
    assert refuse(make_field("doubled choice"), -1) == ["This field is required."]
    assert clean(forms.MultipleChoiceField(choices=LETTERS, required=False), None) == []


def test_the_parts_of_a_field_are_taken_as_a_list_or_as_what_they_were_made_into() -> None:
    assert clean(make_field("length"), [2, "50"]) == 250
    assert clean(make_field("length"), 250) == 250
    assert clean(make_field("span"), ["2027-01-01", "02/01/2027"]) == ["2027-01-01", "2027-01-02"]
    assert refuse(make_field("span"), [5, "2027-01-02"]) == ["Give a date such as 2027-03-28, not a number."]
    assert refuse(make_field("span"), ["2027-01-01"] * 3) == ["Give a list of at most 2 values."]
    assert refuse(make_field("span"), "2027-01-01") == ["Enter a list of values."]
    assert refuse(make_field("length"), {"a": 1}) == ["Enter a list of values."]


def test_a_json_field_uses_its_encoder_and_decoder() -> None:
    class InDecimals(json.JSONDecoder):
        def __init__(self) -> None:
            super().__init__(parse_float=Decimal)

    class InFloats(json.JSONEncoder):
        def default(self, value: Any) -> float:
            return float(value)

    seen: list[Any] = []
    field = forms.JSONField(encoder=InFloats, decoder=InDecimals, validators=[seen.append])
    assert clean(field, {"price": 1.5}) == {"price": 1.5}
    assert seen == [{"price": Decimal("1.5")}]


def test_an_empty_json_value_is_kept_where_none_is_needed() -> None:
    empty: tuple[Any, ...] = ({}, [], "")
    for answer in empty:
        assert clean(forms.JSONField(required=False), answer) == answer
        assert refuse(forms.JSONField(), answer) == ["This field is required."]


@pytest.mark.parametrize(
    ("make", "initial", "expected"),
    [
        (forms.CharField, "north", "north"),
        (forms.CharField, lambda: "north", "north"),
        (forms.IntegerField, 5, 5),
        (forms.DateField, date(2027, 3, 28), "2027-03-28"),
        (forms.TimeField, time(13, 45), "13:45:00"),
        (forms.DateTimeField, datetime(2027, 3, 28, 1, tzinfo=UTC), "2027-03-28T01:00:00Z"),
        (forms.SplitDateTimeField, datetime(2027, 3, 28, 1, tzinfo=UTC), "2027-03-28T01:00:00Z"),
        (forms.DurationField, timedelta(hours=1), "P0DT01H00M00S"),
        (forms.DecimalField, Decimal("1.50"), "1.50"),
        (forms.BooleanField, True, True),
        (forms.NullBooleanField, True, True),
        (forms.JSONField, {"a": 1}, {"a": 1}),
        (forms.JSONField, "text", "text"),
    ],
)
def test_what_is_not_given_and_not_required_has_its_initial_value(
    make: Callable[..., forms.Field], initial: Any, expected: Any
) -> None:
    assert clean(make(required=False, initial=initial)) == expected
    assert clean(make(required=False, initial=initial), None) != expected


def test_what_is_required_has_to_be_given_though_it_has_an_initial_value() -> None:
    assert refuse(forms.CharField(initial="north")) == ["This field is required."]


def test_an_initial_value_that_is_no_json_is_none() -> None:
    assert clean(forms.CharField(required=False, initial=object())) == ""


def test_a_disabled_field_has_its_initial_value_whatever_is_given() -> None:
    field = forms.DateField(disabled=True, initial=date(2027, 3, 28))
    assert clean(field) == clean(field, "2030-01-01") == clean(field, ["nonsense"]) == "2027-03-28"
    assert clean(make_field("span", disabled=True, initial=["2027-01-01", "2027-01-02"])) == [
        "2027-01-01",
        "2027-01-02",
    ]


def test_a_field_class_that_reads_for_itself_gets_the_value_as_it_is() -> None:
    class Yes(forms.BooleanField):
        def to_python(self, value: Any) -> bool:
            return bool(value == ["yes"])

    assert clean(Yes(), ["yes"]) is True
    assert clean(make_field("tags"), ["a", "b"]) == clean(make_field("tags"), "a,b") == ["a", "b"]
