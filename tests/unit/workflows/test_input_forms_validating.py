"""Inputs validated by a whole form."""

import logging
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django.http import QueryDict

from tests.unit.workflows.form_fields import LETTERS, make_form_of
from workflows.engine.errors import FormCodeError, InvalidFormInputs, InvalidInputs
from workflows.engine.state import RESERVED_KEYS
from workflows.input_forms import describe_form, form_digest, validate_form


class PortForm(forms.Form):
    """A form with rules of its own."""

    node = forms.CharField(max_length=10)
    first = forms.IntegerField(min_value=1)
    last = forms.IntegerField(min_value=1, required=False)

    def clean_node(self) -> str:
        if self.cleaned_data["node"] == "down":
            raise ValidationError("This node is down.")
        return str(self.cleaned_data["node"]).upper()

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error("last", "This is before the first.")
        if first == last == 13:
            raise ValidationError(["Not 13.", "Nor twice."])
        return self.cleaned_data


def refuse(form: type[forms.BaseForm], inputs: dict[str, Any]) -> InvalidFormInputs:
    with pytest.raises(InvalidFormInputs) as refusal:
        validate_form(form=form, inputs=inputs)
    return refusal.value


def test_all_fields_are_in_the_result_in_the_order_of_the_form() -> None:
    values = validate_form(form=PortForm, inputs={"first": 1, "node": "n1"})
    assert list(values.items()) == [("node", "N1"), ("first", 1), ("last", None)]
    assert validate_form(form=PortForm, inputs=values) == values


def test_the_given_inputs_stay_as_they_are() -> None:
    class Appending(forms.Field):
        def to_python(self, value: Any) -> Any:
            value.append(2)
            return value

    inputs = {"answer": [1]}
    values = validate_form(form=make_form_of(Appending()), inputs=inputs)
    assert (values, inputs) == ({"answer": [1, 2]}, {"answer": [1]})


def test_a_tuple_is_a_list_as_it_reads_back_from_the_database() -> None:
    form = make_form_of(forms.MultipleChoiceField(choices=LETTERS))
    assert validate_form(form=form, inputs={"answer": ("a", "b")}) == {"answer": ["a", "b"]}


@pytest.mark.parametrize(
    ("inputs", "message", "errors"),
    [
        (
            {"node": "a name too long", "first": "x"},
            "'node' is \"a name too long\": Ensure this value has at most 10 characters (it has 15). (and 1 more)",
            {
                "node": ["Ensure this value has at most 10 characters (it has 15)."],
                "first": ["Enter a whole number."],
            },
        ),
        (
            {"node": "n1"},
            "'first' is not given: This field is required.",
            {"first": ["This field is required."]},
        ),
        ({"node": "down", "first": 1}, "'node' is \"down\": This node is down.", {"node": ["This node is down."]}),
        (
            {"node": "n1", "first": 2, "last": 1},
            "'last' is 1: This is before the first.",
            {"last": ["This is before the first."]},
        ),
        (
            {"node": "n1", "first": 13, "last": 13},
            "the inputs are refused: Not 13. (and 1 more)",
            {"": ["Not 13.", "Nor twice."]},
        ),
        (
            {"node": None, "first": 1},
            "'node' is null: This field is required.",
            {"node": ["This field is required."]},
        ),
        (
            {"nodes": "n1", "first": 1},
            "'nodes' is \"n1\": unknown key: did you mean 'node'? (and 1 more)",
            {"nodes": ["unknown key: did you mean 'node'?"], "node": ["This field is required."]},
        ),
        (
            {"node": "n1", "first": 1, "zzz": []},
            "'zzz' is []: unknown key; known are node, first, last",
            {"zzz": ["unknown key; known are node, first, last"]},
        ),
    ],
)
def test_a_refusal_names_the_first_field_with_its_value_and_has_all_messages_by_field(
    inputs: dict[str, Any], message: str, errors: dict[str, list[str]]
) -> None:
    refusal = refuse(PortForm, inputs)
    assert isinstance(refusal, InvalidInputs)
    assert (str(refusal), refusal.errors) == (message, errors)


def test_a_prefix_is_no_part_of_the_names() -> None:
    class Prefixed(PortForm):
        prefix = "port"

    assert validate_form(form=Prefixed, inputs={"node": "n1", "first": 1}) == {"node": "N1", "first": 1, "last": None}
    assert list(describe_form(form=Prefixed)["properties"]) == ["node", "first", "last"]
    assert list(refuse(Prefixed, {"port-node": "n1", "first": 1}).errors) == ["port-node", "node"]


def test_a_form_may_make_its_fields_from_what_is_given() -> None:
    class Growing(forms.Form):
        kind = forms.ChoiceField(choices=LETTERS, initial="b", required=False)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.data.get("kind") == "b":
                self.fields["more"] = forms.IntegerField()

    assert validate_form(form=Growing, inputs={"kind": "a"}) == {"kind": "a"}
    assert validate_form(form=Growing, inputs={"kind": "b", "more": 5}) == {"kind": "b", "more": 5}
    assert validate_form(form=Growing, inputs={"more": 5}) == {"kind": "b", "more": 5}
    assert refuse(Growing, {"kind": "a", "more": 5}).errors == {"more": ["unknown key; known are kind"]}


def test_what_a_form_changes_of_its_fields_while_it_is_cleaned_counts() -> None:
    class Narrowing(forms.Form):
        is_narrow = forms.BooleanField(required=False)
        letter = forms.ChoiceField(choices=LETTERS)

        def clean_is_narrow(self) -> bool:
            if self.cleaned_data["is_narrow"]:
                self.fields["letter"].choices = LETTERS[:1]  # type: ignore[attr-defined]
            return bool(self.cleaned_data["is_narrow"])

    assert validate_form(form=Narrowing, inputs={"letter": "b"})["letter"] == "b"
    assert list(refuse(Narrowing, {"letter": "b", "is_narrow": True}).errors) == ["letter"]


def test_a_field_that_forms_share_still_reads_html_afterwards() -> None:
    shared = forms.MultipleChoiceField(choices=LETTERS)

    class Sharing(forms.Form):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["shared"] = shared

    assert validate_form(form=Sharing, inputs={"shared": ["a", "b"]}) == {"shared": ["a", "b"]}
    html = Sharing(QueryDict("shared=a&shared=b"))
    assert html.is_valid()
    assert html.cleaned_data == {"shared": ["a", "b"]}


def test_a_widget_that_reads_html_in_its_own_way_takes_no_part() -> None:
    class Commas(forms.TextInput):
        def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
            return data[name].split(",")

    form = make_form_of(forms.MultipleChoiceField(choices=LETTERS, widget=Commas))
    assert validate_form(form=form, inputs={"answer": ["a", "b"]}) == {"answer": ["a", "b"]}


@pytest.mark.parametrize(
    "value",
    ["nul \x00", "half \ud800", float("nan"), object(), pytest.param(10**5000, id="more digits than Python writes")],
)
def test_what_cannot_be_stored_is_refused_before_the_form_sees_it(value: Any) -> None:
    refusal = refuse(make_form_of(forms.Field()), {"answer": value})
    assert str(refusal).startswith("'answer' cannot be stored: ")
    assert list(refusal.errors) == ["answer"]


@pytest.mark.parametrize("depth", [101, 100_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    assert list(refuse(make_form_of(forms.JSONField()), {"answer": value}).errors) == ["answer"]


def test_what_is_nested_as_deeply_as_may_be_is_taken() -> None:
    value: list[Any] = [1]
    for _ in range(99):
        value = [value]
    assert validate_form(form=make_form_of(forms.JSONField()), inputs={"answer": value}) == {"answer": value}


def test_a_message_has_bounds_whatever_is_given() -> None:
    refusal = refuse(make_form_of(forms.ChoiceField(choices=LETTERS)), {"answer": "x" * 10**6})
    assert len(str(refusal)) < 1_000
    assert "…" in str(refusal)
    unknown = refuse(make_form_of(forms.CharField(required=False)), {f"{n}{'k' * 10**4}": 1 for n in range(1000)})
    assert len(unknown.errors) == 10
    assert all(len(key) <= 100 for key in unknown.errors)


def test_a_key_is_shown_in_characters_that_can_be_stored() -> None:
    refusal = refuse(make_form_of(forms.CharField(required=False)), {"\x00\ud800\n": 1})
    assert list(refusal.errors) == [r"\x00\ud800\n"]


def test_a_secret_is_not_shown() -> None:
    form = make_form_of(forms.CharField(max_length=5, widget=forms.PasswordInput))
    assert "hunter22" not in str(refuse(form, {"answer": "hunter22"}))


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        validate_form(form=PortForm, inputs={"node": "n1", "first": 1})
        refuse(PortForm, {"node": "n1"})
    assert not caplog.records


def failing(place: str, error: Exception) -> type[forms.Form]:
    """Return a form whose code raises an error in one place."""

    def fail(*args: object, **kwargs: object) -> Any:
        raise error

    match place:
        case "__init__" | "clean" | "clean_answer":
            return type("Failing", (forms.Form,), {"answer": forms.CharField(), place: fail})
        case "field":
            return make_form_of(type("Custom", (forms.Field,), {"to_python": fail})())
        case "validator":
            return make_form_of(forms.CharField(validators=[fail]))
        case _:
            return make_form_of(forms.CharField(required=False, initial=fail))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("__init__", "form 'Failing' has an error in its __init__: KeyError: 'gone'"),
        ("clean", "form 'Failing' has an error in its cleaning: KeyError: 'gone'"),
        ("clean_answer", "form 'Failing' has an error in its cleaning: KeyError: 'gone'"),
        ("field", "form 'Answers' has an error in field 'answer' (Custom): KeyError: 'gone'"),
        ("validator", "form 'Answers' has an error in field 'answer' (CharField): KeyError: 'gone'"),
    ],
)
def test_code_of_a_form_that_fails_is_named(place: str, words: str) -> None:
    with pytest.raises(FormCodeError) as failure:
        validate_form(form=failing(place, KeyError("gone")), inputs={"answer": "a"})
    assert str(failure.value) == words
    assert isinstance(failure.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [KeyError("gone"), ValidationError("gone")])
def test_an_initial_value_that_fails_is_named(error: Exception) -> None:
    form = failing("initial", error)
    with pytest.raises(FormCodeError, match="has an error in the initial values: "):
        validate_form(form=form, inputs={})
    with pytest.raises(FormCodeError, match="has an error in field 'answer': "):
        describe_form(form=form)


@pytest.mark.parametrize("error", [OperationalError("down"), InterfaceError("closed")])
@pytest.mark.parametrize("place", ["__init__", "clean", "field"])
def test_a_database_that_is_down_is_no_fault_of_the_form(place: str, error: Exception) -> None:
    with pytest.raises(type(error)):
        validate_form(form=failing(place, error), inputs={"answer": "a"})


def test_clean_may_return_what_belongs_to_fields_only() -> None:
    class Adding(forms.Form):
        node = forms.CharField()

        def clean(self) -> dict[str, Any]:
            return {**self.cleaned_data, "nodes": 2}

    with pytest.raises(FormCodeError, match="returns 'nodes' from its clean\\(\\), and has no such field; declare one"):
        validate_form(form=Adding, inputs={"node": "n1"})


@pytest.mark.parametrize(
    ("cleaned", "words"),
    [
        (object(), "field 'node' of form 'Odd' gives object, which cannot be stored: "),
        (float("nan"), "field 'node' of form 'Odd' gives float, which cannot be stored: "),
        (b"bytes", "field 'node' of form 'Odd' gives bytes, which cannot be stored: "),
    ],
)
def test_a_field_may_give_what_can_be_stored_only(cleaned: Any, words: str) -> None:
    odd = type("Odd", (forms.Form,), {"node": forms.CharField(), "clean_node": lambda self: cleaned})
    with pytest.raises(FormCodeError, match=words):
        validate_form(form=odd, inputs={"node": "n1"})


def test_a_choice_may_become_what_can_be_stored_only() -> None:
    form = make_form_of(forms.TypedChoiceField(choices=LETTERS, coerce=lambda key: object()))
    for call in (describe_form, lambda form: validate_form(form=form, inputs={"answer": "a"})):
        with pytest.raises(FormCodeError, match=r"has an error in field 'answer'.*object is not JSON serializable"):
            call(form=form)


def test_clean_has_to_return_a_dict() -> None:
    odd = type("Odd", (forms.Form,), {"clean": lambda self: ["n1"]})
    with pytest.raises(FormCodeError, match="has an error in what its clean\\(\\) returns: AttributeError"):
        validate_form(form=odd, inputs={})


@pytest.mark.parametrize("call", [describe_form, form_digest, lambda form: validate_form(form=form, inputs={})])
class TestFormsThatCannotBeUsed:
    @pytest.mark.parametrize("key", RESERVED_KEYS)
    def test_a_field_named_as_a_key_that_every_task_sets_is_refused(self, call: Any, key: str) -> None:
        with pytest.raises(FormCodeError, match=f"^form 'Answers' has the field '{key}', which every task sets itself"):
            call(form=make_form_of(**{key: forms.CharField()}))

    @pytest.mark.parametrize(
        "field",
        [
            forms.FileField(),
            forms.ImageField(required=False),
            forms.MultiValueField([forms.ComboField([forms.FileField()])]),
        ],
    )
    def test_a_field_that_takes_a_file_is_refused(self, call: Any, field: forms.Field) -> None:
        with pytest.raises(
            FormCodeError, match=r"^field 'answer' of form 'Answers' takes a file, and inputs are JSON; use"
        ):
            call(form=make_form_of(field))

    @pytest.mark.parametrize("form", [PortForm(), forms.CharField, forms.BaseForm, None])
    def test_what_is_no_form_class_is_refused(self, call: Any, form: Any) -> None:
        with pytest.raises(FormCodeError, match="is no form class: give a subclass of"):
            call(form=form)


def test_a_form_that_needs_arguments_is_refused() -> None:
    class ForUser(forms.Form):
        def __init__(self, user: str, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    message = "^form 'ForUser' cannot be made with no arguments alone: missing a required argument: 'user'; take"
    for call in (describe_form, lambda form: validate_form(form=form, inputs={})):
        with pytest.raises(FormCodeError, match=message):
            call(form=ForUser)


def test_a_form_that_takes_no_data_is_refused() -> None:
    class Closed(forms.Form):
        def __init__(self) -> None:
            super().__init__()

    with pytest.raises(
        FormCodeError, match=r"^form 'Closed' cannot be made with data alone: got an unexpected keyword"
    ):
        validate_form(form=Closed, inputs={})
