"""What holds of every form of Django's fields, whatever JSON is given."""

import json
from typing import Any

import pytest
from django import forms
from hypothesis import Phase, event, find, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.unit.workflows.form_fields import (
    ANYTHING,
    COMPRESSED,
    INITIALS,
    KINDS,
    TEXTS,
    make_field,
    make_form_of,
)
from workflows.engine.errors import InvalidFormInputs
from workflows.engine.state import to_storable_json
from workflows.input_forms import describe_form, form_digest, validate_form

# A property is checked by many examples; how long one of them takes says nothing.
many = settings(max_examples=50, deadline=None)

EVERYTHING = make_form_of(**{f"field_{number}": make_field(name, required=False) for number, name in enumerate(KINDS)})
KEYS = st.sampled_from([f"field_{number}" for number in range(len(KINDS))])


def read_back(values: dict[str, Any]) -> Any:
    return json.loads(to_storable_json(values))


def validate(form: type[forms.Form], inputs: dict[str, Any]) -> dict[str, Any] | InvalidFormInputs:
    try:
        return validate_form(form=form, inputs=inputs)
    except InvalidFormInputs as refusal:
        return refusal


@pytest.mark.parametrize("name", KINDS)
@many
@given(data=st.data(), required=st.booleans())
def test_an_answer_is_refused_or_becomes_json_that_stays_as_it_is_and_has_the_schema(
    name: str, required: bool, data: st.DataObject
) -> None:
    form = make_form_of(make_field(name, required=required))
    answer = data.draw(KINDS[name].answers | ANYTHING)
    values = validate(form, {"answer": answer})
    event(type(values).__name__)
    if isinstance(values, InvalidFormInputs):
        assert list(values.errors) == ["answer"]
        assert all(values.errors["answer"])
        return
    assert read_back(values) == values
    assert validate(form, values) == values
    if name not in COMPRESSED:
        Draft202012Validator(describe_form(form=form)).validate(values)


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"choice of nothing"}))
def test_every_kind_of_field_takes_one_of_the_answers_that_it_is_tried_with(name: str) -> None:
    form = make_form_of(make_field(name))
    find(
        KINDS[name].answers,
        lambda answer: isinstance(validate(form, {"answer": answer}), dict),
        settings=settings(phases=[Phase.generate]),
    )


@many
@given(st.dictionaries(KEYS | TEXTS, ANYTHING, max_size=4))
def test_inputs_are_taken_or_refused_with_messages_by_field_that_can_be_stored(inputs: dict[str, Any]) -> None:
    values = validate(EVERYTHING, inputs)
    if isinstance(values, InvalidFormInputs):
        assert values.errors
        assert all(messages and all(messages) for messages in values.errors.values())
        assert read_back({"message": str(values)} | values.errors)
        return
    assert validate(EVERYTHING, values) == values


@pytest.mark.parametrize("name", INITIALS)
def test_what_is_not_given_is_what_the_schema_has_as_default(name: str) -> None:
    form = make_form_of(make_field(name, required=False, initial=INITIALS[name]))
    default = describe_form(form=form)["properties"]["answer"]["default"]
    values = validate_form(form=form, inputs={})
    assert values == validate_form(form=form, inputs={"answer": default})
    assert values == {"answer": default}


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_field_has_a_valid_schema_and_a_digest_both_always_the_same(name: str, required: bool) -> None:
    form = make_form_of(make_field(name, required=required))
    schema = describe_form(form=form)
    Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert read_back(schema) == schema == describe_form(form=form)
    assert form_digest(form=form) == form_digest(form=make_form_of(make_field(name, required=required)))
