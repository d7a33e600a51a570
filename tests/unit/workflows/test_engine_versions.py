"""What becomes of a task whose workflow has other steps by now: by table."""

import pytest

from workflows.engine import StepList, callback_step, conditional, done, init, inputstep, step, step_group
from workflows.engine.versions import (
    FINGERPRINT_CHARACTERS,
    StepEntry,
    find_place,
    fingerprint,
    keeps_place,
    list_entries,
    show_side_by_side,
)

Entries = tuple[StepEntry, ...]


class OneForm:
    pass


class OtherForm:
    pass


def entries(text: str) -> Entries:
    """Read `Start A B(form) Done`."""
    parts = [part.partition("(") for part in text.split()]
    return tuple(StepEntry(name, form.rstrip(")")) for name, _, form in parts)


OLD = "Start A B C Done"

# What was done to the list → the list then, its aliases, and for each of the positions 0 to 4 of the old one the place
# in the new one; None: nobody can say.
CHANGES: dict[str, tuple[str, dict[str, str], list[int | None]]] = {
    "nothing": (OLD, {}, [0, 1, 2, 3, 4]),
    "appended": ("Start A B C X Done", {}, [0, 1, 2, 3, 4]),
    "two appended": ("Start A B C X Y Done", {}, [0, 1, 2, 3, 4]),
    "inserted at the beginning": ("Start X A B C Done", {}, [0, None, None, None, None]),
    "inserted in the middle": ("Start A X B C Done", {}, [0, 1, None, None, None]),
    "inserted, with an alias of what stands there": (
        "Start A X B2 C Done",
        {"B": "B2"},
        [0, 1, 3, None, None],
    ),
    "inserted, with aliases that say nothing happened to the names": (
        "Start X A B C Done",
        {"A": "A", "B": "B", "C": "C", "Done": "Done"},
        [0, 2, 3, 4, 5],
    ),
    "renamed": ("Start A B2 C Done", {}, [0, 1, None, None, None]),
    "renamed, with an alias": ("Start A B2 C Done", {"B": "B2"}, [0, 1, 2, 3, 4]),
    "renamed, with an alias to another one": ("Start A B2 C Done", {"B": "C"}, [0, 1, 3, None, None]),
    "two renamed, one alias": ("Start A2 B2 C Done", {"A": "A2"}, [0, 1, None, None, None]),
    "all renamed, with aliases": ("Start A2 B2 C2 Done", {"A": "A2", "B": "B2", "C": "C2"}, [0, 1, 2, 3, 4]),
    "two change places": ("Start B A C Done", {}, [0, None, None, None, None]),
    "two change names": ("Start B A C Done", {"A": "B", "B": "A"}, [0, 1, 2, 3, 4]),
    "two change places, with an alias": ("Start B A C Done", {"B": "B"}, [0, None, 1, None, None]),
    "one removed": ("Start A C Done", {}, [0, 1, None, None, None]),
    "one removed, with an alias to the next": ("Start A C Done", {"B": "C"}, [0, 1, 2, None, None]),
    "the last one removed": ("Start A B Done", {}, [0, 1, 2, None, None]),
    "the last one removed, with an alias to the end": ("Start A B Done", {"C": "Done"}, [0, 1, 2, 3, None]),
    "all removed": ("Start Done", {}, [0, None, None, None, None]),
    "the last one replaced": ("Start A B X Done", {}, [0, 1, 2, None, None]),
    "the first form changed": ("Start(f) A B C Done", {}, [None, None, None, None, None]),
    "a form where there was none": ("Start A B(f) C Done", {}, [0, 1, None, None, None]),
    "a form changed, with an alias": ("Start A B(f) C Done", {"B": "B"}, [0, 1, 2, None, None]),
    "an alias to two of the same name": ("Start Y X X B C Done", {"A": "X"}, [0, None, None, None, None]),
    "a name taken again for another step, its former alias still there": (
        "Start A B C X Done",
        {"C": "A"},
        [0, 1, 2, 3, 4],
    ),
}


@pytest.mark.parametrize(("new", "aliases", "places"), CHANGES.values(), ids=CHANGES.keys())
def test_where_a_task_goes_on(new: str, aliases: dict[str, str], places: list[int | None]) -> None:
    found = [
        find_place(stored=entries(OLD), position=position, present=entries(new), aliases=aliases)
        for position in range(5)
    ]
    assert found == places


@pytest.mark.parametrize(
    ("old", "new", "position", "place"),
    [
        ("Start A(f) B Done", "Start A(f) B Done", 1, 1),
        ("Start A(f) B Done", "Start A(g) B Done", 1, None),
        ("Start A(f) B Done", "Start A(g) B Done", 2, None),
        ("Start A B(f) Done", "Start A B(g) Done", 1, 1),
        ("Start(f) A Done", "Start(g) A Done", 0, None),
        ("Start(f) A Done", "Start(g) A Done", 1, None),
        ("Start A Done", "Start A Ask(f) Done", 2, 2),
        # a step of one's own may have the name of the last one
        ("Start Done B Done", "Start A B Done", 1, None),
        ("Start Done B Done", "Start Done B C Done", 3, 3),
        ("Start A Done", "Start A", 2, None),
    ],
)
def test_forms_and_the_end_count_too(old: str, new: str, position: int, place: int | None) -> None:
    assert find_place(stored=entries(old), position=position, present=entries(new), aliases={}) == place


def test_an_alias_of_what_stands_there_moves_the_task_and_one_of_a_rename_does_not() -> None:
    stored = entries(OLD)
    renamed, moved = entries("Start A B2 C Done"), entries("Start A X B2 C Done")
    assert keeps_place(stored=stored, position=2, present=renamed, aliases={"B": "B2"})
    assert not keeps_place(stored=stored, position=2, present=moved, aliases={"B": "B2"})


@pytest.mark.parametrize("position", [0, 3, 7])
def test_a_list_that_was_never_written_down_gives_no_place(position: int) -> None:
    assert find_place(stored=(), position=position, present=entries(OLD), aliases={"A": "B"}) is None


class TestEntries:
    def steps(self) -> StepList:
        plain = step("Look")(lambda: None)
        asking = inputstep("Ask", form=OneForm)(lambda: None)
        calling = callback_step("NSO", step("Call")(lambda callback_route: None), plain)
        return init >> step_group("Group", conditional(lambda state: True)(asking)) >> calling >> done

    def test_they_are_the_names_as_recorded_and_the_forms_that_are_asked(self) -> None:
        found = list_entries(self.steps(), initial_form=OtherForm, digest=lambda form: f"digest of {form.__name__}")
        assert [(entry.name, entry.form) for entry in found] == [
            ("Start", "digest of OtherForm"),
            ("Group: Ask", "digest of OneForm"),
            ("NSO: Call", ""),
            ("NSO: Await callback", ""),
            ("NSO: Look", ""),
            ("Done", ""),
        ]

    def test_without_a_form_at_the_start_the_first_step_has_none(self) -> None:
        assert list_entries(self.steps(), initial_form=None, digest=lambda form: "x")[0] == StepEntry("Start")


class TestFingerprint:
    def test_it_is_the_same_on_every_machine(self) -> None:
        assert fingerprint(entries("Start Ask(f) Done")) == "ee8e0511b5f5e0d6a5f82bd0d47b721c"

    def test_names_forms_and_order_all_count(self) -> None:
        texts = [
            "Start A Done",
            "Start B Done",
            "Start A(f) Done",
            "Start A(g) Done",
            "Start A B Done",
            "Start B A Done",
        ]
        versions = {fingerprint(entries(text)) for text in texts}
        assert len(versions) == len(texts)
        assert {len(version) for version in versions} == {FINGERPRINT_CHARACTERS}

    def test_a_name_and_a_form_do_not_run_together(self) -> None:
        assert fingerprint([StepEntry("A", "B")]) != fingerprint([StepEntry("AB", "")])
        assert fingerprint([StepEntry('A", "B')]) != fingerprint([StepEntry("A", "B")])


def test_both_lists_are_shown_side_by_side_with_a_mark_where_the_task_stands() -> None:
    shown = show_side_by_side(entries("Start A Ask(f) Done"), entries("Start Ask(g) Done"), position=2)
    assert shown.splitlines() == [
        "  the task ran by | the code has",
        "  Start           | Start",
        "  A               | Ask (form g)",
        "→ Ask (form f)    | Done",
        "  Done            |",
    ]
