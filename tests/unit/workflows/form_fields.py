"""Form fields of all kinds for tests, each with answers that it may well take, and JSON of any kind."""

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MinLengthValidator, RegexValidator
from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=())  # the halves of surrogate pairs too, which text() leaves out
TEXTS = st.text(CHARACTERS, max_size=8)
NUMBERS = st.integers() | st.floats() | st.integers(-3, 3) | st.sampled_from([10**400, -(2**63), 2**63, 1e300, 0.1])
SPECIAL = st.sampled_from(
    ["", " ", "null", "true", "False", "on", "1e400", "-1E+400", "nan", "Infinity", "9" * 400, "1_0", "٣", "\x00"]
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | SPECIAL
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)

DATES = st.dates().map(str) | st.sampled_from(["28/03/2027", "2027-02-30", "2027-3-1", "0001-01-01", "9999-12-31"])
TIMES = st.times().map(str) | st.sampled_from(["1:30", "24:00", "13:45:00.5", "13:45:00+02:00"])
MOMENTS = st.datetimes(timezones=st.none() | st.timezones(), allow_imaginary=False).map(
    lambda moment: moment.isoformat()
) | st.sampled_from(
    ["2027-03-28T02:30:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-01-01", "0001-01-01 00:00"]
)
DURATIONS = st.timedeltas().map(str) | st.sampled_from(
    ["P1DT2H", "-PT1.5S", "1:30", "P" + "9" * 400 + "D", "3 04:05:06"]
)
DECIMALS = st.decimals().map(str) | st.sampled_from(["1E+5", "0.10", "-0", " 1.5 "])
CHOICES = st.sampled_from(["a", "b", "c", "d", "", "1", "2"])


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class LengthInCm(forms.MultiValueField):
    """Metres and centimetres, made into centimetres."""

    class widget(forms.MultiWidget):  # noqa: N801  # as Django calls it
        def __init__(self) -> None:
            super().__init__([forms.NumberInput(), forms.NumberInput()])

        def decompress(self, value: Any) -> list[Any]:
            return [None, None] if value is None else [value // 100, value % 100]

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.IntegerField(min_value=0), forms.IntegerField(min_value=0, max_value=99))
        super().__init__(parts, **kwargs)

    def compress(self, data_list: list[Any]) -> int | None:
        return sum(part * size for part, size in zip(data_list, (100, 1), strict=True) if part) if data_list else None


class Span(forms.MultiValueField):
    """Two dates, which stay a pair."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__((forms.DateField(), forms.DateField()), **kwargs)

    def compress(self, data_list: list[Any]) -> tuple[Any, ...]:
        return tuple(data_list)


class Tags(forms.Field):
    """A field class that is made of nothing but Field, and reads what it has given."""

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, list):
            return [str(each) for each in value]
        return [] if value in self.empty_values else str(value).split(",")


class Percentage(forms.DecimalField):
    def clean(self, value: Any) -> Any:
        return super().clean(value)


@dataclass(frozen=True)
class Kind:
    make: Callable[..., forms.Field]
    answers: st.SearchStrategy[Any]
    options: dict[str, Any]


def kind(make: Callable[..., forms.Field], answers: st.SearchStrategy[Any], **options: Any) -> Kind:
    return Kind(make, answers, options)


LETTERS = [("a", "A"), ("b", "B"), ("c", "C")]
GROUPED = [("vowels", [("a", "A")]), ("others", [("b", "B"), ("c", "C")]), ("a", "A again")]
NUMBERED = [("", "none"), (1, "one"), (2, "two"), ("x", "no number")]

KINDS: dict[str, Kind] = {
    "text": kind(forms.CharField, TEXTS),
    "short text": kind(forms.CharField, TEXTS, min_length=2, max_length=5),
    "text or none": kind(forms.CharField, TEXTS, empty_value=None),
    "unstripped text": kind(forms.CharField, TEXTS | st.just("  "), strip=False),
    "regex": kind(forms.RegexField, st.from_regex(r"\A[a-c]+\Z"), regex=r"^[a-c]+\Z"),
    "two patterns": kind(
        forms.CharField, TEXTS | st.just("abc"), validators=[RegexValidator("a"), RegexValidator("c$")]
    ),
    "slug": kind(forms.SlugField, st.just("a-b") | TEXTS),
    "unicode slug": kind(forms.SlugField, st.just("é-b"), allow_unicode=True),
    "email": kind(forms.EmailField, st.emails()),
    "url": kind(forms.URLField, st.sampled_from(["example.com", "//a.nl/x", "ftp://b.nl"]), assume_scheme="https"),
    "ip": kind(forms.GenericIPAddressField, st.ip_addresses().map(str)),
    "unpacked ip": kind(
        forms.GenericIPAddressField, st.just("::ffff:1.2.3.4") | st.ip_addresses().map(str), unpack_ipv4=True
    ),
    "uuid": kind(forms.UUIDField, st.uuids().map(str) | st.uuids().map(lambda key: key.hex)),
    "integer": kind(forms.IntegerField, st.integers() | st.integers().map(str) | st.just("5.0")),
    "bounded integer": kind(forms.IntegerField, st.integers(-1, 12), min_value=0, max_value=10, step_size=5),
    "stepped integer": kind(forms.IntegerField, NUMBERS, step_size=3, min_value=1),
    "float": kind(forms.FloatField, st.floats() | st.integers()),
    "stepped float": kind(forms.FloatField, st.floats(0, 10), step_size=0.5, min_value=0.5),
    "decimal": kind(forms.DecimalField, DECIMALS | st.floats()),
    "bounded decimal": kind(
        forms.DecimalField,
        DECIMALS | st.decimals(0, 100, places=2).map(str),
        max_digits=4,
        decimal_places=2,
        max_value=Decimal("99.5"),
    ),
    "stepped decimal": kind(forms.DecimalField, DECIMALS, step_size=Decimal("0.5")),
    "percentage": kind(Percentage, DECIMALS),
    "boolean": kind(forms.BooleanField, st.booleans() | st.sampled_from(["true", "FALSE", 1, 0])),
    "null boolean": kind(forms.NullBooleanField, st.none() | st.booleans() | st.sampled_from(["True", "0"])),
    "date": kind(forms.DateField, DATES),
    "dutch date": kind(forms.DateField, DATES, input_formats=["%d-%m-%Y"]),
    "time": kind(forms.TimeField, TIMES),
    "hour": kind(forms.TimeField, TIMES, input_formats=["%H"]),
    "moment": kind(forms.DateTimeField, MOMENTS),
    "split moment": kind(
        forms.SplitDateTimeField, MOMENTS | st.tuples(DATES, TIMES).map(list) | st.lists(ANYTHING, max_size=3)
    ),
    "duration": kind(forms.DurationField, DURATIONS | NUMBERS),
    "choice": kind(forms.ChoiceField, CHOICES, choices=GROUPED),
    "choice of nothing": kind(forms.ChoiceField, CHOICES, choices=[]),
    "choice from a function": kind(forms.ChoiceField, CHOICES, choices=lambda: LETTERS),
    "integer choice": kind(forms.TypedChoiceField, CHOICES | NUMBERS, choices=NUMBERED, coerce=int, empty_value=None),
    "doubled choice": kind(
        forms.TypedChoiceField, NUMBERS | CHOICES, choices=NUMBERED, coerce=lambda key: int(key) * 2, empty_value=-1
    ),
    "boolean choice": kind(
        forms.TypedChoiceField,
        st.booleans() | st.just("True"),
        choices=[(True, "Yes"), (False, "No")],
        coerce=lambda key: key == "True",
    ),
    "decimal choice": kind(
        forms.TypedChoiceField, st.just("1.50"), choices=[("1.50", "A"), ("2", "B")], coerce=Decimal
    ),
    "object choice": kind(
        forms.TypedChoiceField,
        st.just({"a": 1}) | st.just('{"a": 1}') | ANYTHING,
        choices=[('{"a": 1}', "A"), ("[2]", "B")],
        coerce=json.loads,
    ),
    "enum choice": kind(
        forms.TypedChoiceField,
        st.sampled_from(["red", "RED", "BLUE"]),
        choices=[(each.name, each.value) for each in Colour],
        coerce=lambda name: Colour[name],
    ),
    "choices": kind(forms.MultipleChoiceField, st.lists(CHOICES, max_size=3) | CHOICES, choices=GROUPED),
    "two choices": kind(
        forms.MultipleChoiceField,
        st.lists(CHOICES, max_size=3),
        choices=LETTERS,
        validators=[MinLengthValidator(2)],
    ),
    "integer choices": kind(
        forms.TypedMultipleChoiceField,
        st.lists(st.integers(0, 3) | CHOICES, max_size=3) | ANYTHING,
        choices=NUMBERED,
        coerce=int,
    ),
    "json": kind(forms.JSONField, ANYTHING | TEXTS.map(json.dumps)),
    "combined": kind(
        lambda **kwargs: forms.ComboField([forms.CharField(max_length=20), forms.EmailField()], **kwargs),
        st.emails() | TEXTS,
    ),
    "length": kind(LengthInCm, st.lists(st.integers(0, 100), max_size=3) | st.integers(0, 500)),
    "span": kind(Span, st.lists(DATES, max_size=3) | ANYTHING),
    "tags": kind(Tags, st.lists(TEXTS, max_size=3) | TEXTS),
}

# Those whose values the schema does not promise: what a field made of several compresses to.
COMPRESSED = {"length"}


def make_form_of(*fields: forms.Field, **named: forms.Field) -> type[forms.Form]:
    """Return a form class with the field `answer`, or with named ones."""
    return type("Answers", (forms.Form,), {"answer": fields[0]} if fields else dict(named))


def make_field(name: str, **options: Any) -> forms.Field:
    return KINDS[name].make(**KINDS[name].options, **options)


INITIALS: dict[str, Any] = {
    "text": "north",
    "date": date(2027, 3, 28),
    "duration": timedelta(hours=1),
    "bounded decimal": Decimal("1.50"),
    "choices": ("a", "b"),
    "integer choice": 2,
    "json": {"a": [1]},
    "boolean": True,
    "length": 250,
}
