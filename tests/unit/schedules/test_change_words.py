"""What is different, in words: each kind of difference has a sentence, and each value one that people read."""

from typing import Any

import pytest

from schedules.admin.change_words import FATES, NOTHING, SENTENCES, STEP_KINDS, say_change, say_what_stops, sum_up
from workflows.releases.differences import Change, Code, Difference, Fate, WorkflowDifference


def test_every_difference_has_a_sentence_that_can_be_made() -> None:
    assert set(SENTENCES) == set(Code)
    assert set(FATES) == set(Fate)
    values: dict[Code, Any] = {
        Code.STEP_RETRY: [None, 1, 2],
        Code.FIELD_CHOICES: ["a"],
        Code.FIELD_BOUNDS: ['["x", 1]'],
    }
    numbers = {Code.STEP_TIMEOUT, Code.STEP_ANSWER_WITHIN}
    for code in Code:
        value = values.get(code, 5 if code in numbers else "value")
        said = say_change(Change(code, "the step", "the field", value, value))
        assert "%" not in said
        assert said.endswith(".") or "value" in said, code


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            Change(Code.STEP_RETRY, "Order", before=None, after=[3, 10, 3600]),
            "Step “Order”, when it fails: its task fails → up to 3 attempts, after 10 s up to 3600 s.",
        ),
        (
            Change(Code.STEP_RETRY, "Order", before=[None, 0.5, 60], after=None),
            "Step “Order”, when it fails: tried again until it passes, after 0.5 s up to 60 s → its task fails.",
        ),
        (Change(Code.STEP_TIMEOUT, "Order", after=5.0), "Step “Order” may take: without limit → 5 s."),
        (
            Change(Code.STEP_CONDITIONAL, "Order", before=False, after=True),
            "Step “Order” runs always → on a condition.",
        ),
        (
            Change(Code.STEP_KIND, "Order", before="plain", after="input"),
            "Step “Order” is of another kind: plain → asks for answers.",
        ),
        (
            Change(Code.PREDICATE, after="no_uncompleted_instance"),
            f"What may refuse a start: {NOTHING} → no_uncompleted_instance.",
        ),
        (Change(Code.FIELD_NEEDED_ADDED, field="size"), "The start asks for “size” too, which is required."),
        (
            Change(Code.FIELD_BOUNDS, "Ask", "size", [], ['["MinValueValidator", 1]', '["digits", 5, 2]']),
            f"Step “Ask” has other bounds of “size”: {NOTHING} → at least 1, digits 5 2.",
        ),
        (
            Change(Code.FIELD_CHOICES, "", "region", ["north"], [str(number) for number in range(10)]),
            "The start offers other choices of “region”: north → 0, 1, 2, 3, 4, 5, 6, 7, 2 more.",
        ),
        (
            Change(Code.FIELD_KIND, "", "x", [{"type": ["number", "string"], "format": "decimal"}, 0], [{}, 0]),
            "The start takes another kind of “x”: number or string (decimal) → any JSON.",
        ),
        (
            Change(Code.FIELD_KIND, "", "x", ["choice", False, "str"], ["row", True, "auth.user", None]),
            "The start takes another kind of “x”: one choice → several rows of auth.user.",
        ),
        (
            Change(Code.FIELD_KIND, "", "x", ["boolean or null"], [{"type": "integer"}, 0]),
            "The start takes another kind of “x”: yes, no or neither → integer.",
        ),
    ],
)
def test_a_difference_in_words(change: Change, said: str) -> None:
    assert say_change(change) == said


def test_how_much_is_different_in_a_few_words() -> None:
    workflows = tuple(WorkflowDifference(name, fate) for name, fate in zip("abcde", [*Fate, Fate.CHANGED], strict=True))
    functions = (Change(Code.FUNCTION_NAME, "f"), Change(Code.FUNCTION_RULE, "f"), Change(Code.FUNCTION_ADDED, "g"))
    assert sum_up(Difference(workflows=workflows, functions=functions)) == (
        "1 new workflow · 1 workflow gone · 1 workflow renamed · 2 workflows changed · 2 scheduled functions"
    )
    assert sum_up(Difference(general=(Change(Code.NAME),))) == "nothing that is registered has changed"


def test_what_stops_is_told_by_the_number_of_the_step() -> None:
    assert say_what_stops(WorkflowDifference("a", Fate.CHANGED)) == ""
    assert "at step 3 or after it" in say_what_stops(WorkflowDifference("a", Fate.CHANGED, first_place=2))
    assert set(STEP_KINDS) == {"plain", "input", "callback_action", "await_callback", "abort", "last"}
