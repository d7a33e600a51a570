"""The pure parts of the task that validates products."""

import pytest

from workflows.tasks.validate_products import (
    MAX_FINDING_CHARACTERS,
    MAX_FINDINGS,
    add_findings,
    find_missing_targets,
    summarize,
)

ALL = {"CREATE", "MODIFY", "TERMINATE", "VALIDATE"}


def test_what_is_missing_is_named_in_the_order_of_a_life_whatever_else_is_there() -> None:
    targets = {"Port": ALL | {"RECONCILE"}, "Node": {"RECONCILE", "VALIDATE", "CREATE"}, "Line": set()}
    assert list(find_missing_targets(targets)) == [
        "product 'Node' has no workflow with the target MODIFY, TERMINATE",
        "product 'Line' has no workflow with the target CREATE, MODIFY, TERMINATE, VALIDATE",
    ]
    assert list(find_missing_targets({})) == []


def test_findings_are_put_in_order_among_those_before_and_counted() -> None:
    assert add_findings(["b", "d"], 2, ["c", "a"]) == {"findings": ["a", "b", "c", "d"], "found": 4}


def test_findings_are_cut_and_counted_all_the_same() -> None:
    many = [f"{number:04}" for number in range(MAX_FINDINGS)]
    state = add_findings(many, MAX_FINDINGS + 5, ["0000a", "z"])
    assert state == {"findings": sorted([*many, "0000a"])[:MAX_FINDINGS], "found": MAX_FINDINGS + 7}


@pytest.mark.parametrize("excess", [0, 1, 1000])
def test_a_long_finding_is_cut(excess: int) -> None:
    [finding] = add_findings([], 0, ["x" * (MAX_FINDING_CHARACTERS + excess)])["findings"]
    assert len(finding) == MAX_FINDING_CHARACTERS
    assert finding.endswith("…") is (excess > 0)


@pytest.mark.parametrize(
    ("max_characters", "found", "text"),
    [
        (100, 3, "aaaa; bbbb; cccc"),
        (16, 3, "aaaa; bbbb; cccc"),  # to the last character
        (100, 5, "aaaa; bbbb; cccc; and 2 more"),
        (28, 5, "aaaa; bbbb; cccc; and 2 more"),
        (27, 5, "aaaa; bbbb; and 3 more"),
        (21, 5, "aaaa; and 4 more"),
        (15, 5, "5 findings, of which none is short enough to be named here"),
    ],
)
def test_a_report_names_what_there_is_room_for_and_says_how_much_more_there_is(
    max_characters: int, found: int, text: str
) -> None:
    assert summarize(["aaaa", "bbbb", "cccc"], found, max_characters=max_characters) == text
