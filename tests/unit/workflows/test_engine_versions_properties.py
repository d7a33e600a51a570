"""What becomes of a task whose workflow has other steps by now: what holds for any two lists."""

from collections.abc import Sequence

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from workflows.engine.versions import StepEntry, find_place, fingerprint, keeps_place, show_side_by_side

Entries = tuple[StepEntry, ...]

SETTINGS = settings(deadline=None, max_examples=150)
START, DONE = StepEntry("Start"), StepEntry("Done")

NAMES = st.sampled_from(["A", "B", "C", "D", "Done", "Group: A"])
FORMS = st.sampled_from(["", "", "", "f", "g"])
ENTRIES = st.builds(StepEntry, NAMES, FORMS)
# No name twice, and each list as workflows have it: from Start to Done.
MIDDLES = st.lists(st.builds(StepEntry, st.sampled_from("ABCDEF"), FORMS), max_size=6, unique_by=lambda each: each.name)
WILD_LISTS = st.lists(ENTRIES, max_size=6).map(tuple)
ALIASES = st.dictionaries(NAMES, NAMES, max_size=3)
FRESH = StepEntry("Fresh")


def whole(middle: Sequence[StepEntry]) -> Entries:
    return (START, *middle, DONE)


LISTS = MIDDLES.map(whole)


@st.composite
def places(draw: st.DrawFn) -> tuple[Entries, int]:
    """Give a list, and a position in it."""
    entries = draw(LISTS)
    return entries, draw(st.integers(0, len(entries) - 1))


def find(
    stored: Entries, position: int, present: Sequence[StepEntry], aliases: dict[str, str] | None = None
) -> int | None:
    return find_place(stored=stored, position=position, present=tuple(present), aliases=aliases or {})


@SETTINGS
@given(place=places(), aliases=ALIASES)
def test_the_same_list_gives_the_same_place_whatever_the_aliases_say(
    place: tuple[Entries, int], aliases: dict[str, str]
) -> None:
    entries, position = place
    assert find(entries, position, entries, aliases) == position


@SETTINGS
@given(place=places(), appended=st.lists(ENTRIES, min_size=1, max_size=3), aliases=ALIASES)
def test_steps_that_were_appended_change_no_place(
    place: tuple[Entries, int], appended: list[StepEntry], aliases: dict[str, str]
) -> None:
    entries, position = place
    assert find(entries, position, (*entries[:-1], *appended, DONE), aliases) == position


@SETTINGS
@given(place=places(), data=st.data())
def test_what_changes_after_the_place_changes_nothing(place: tuple[Entries, int], data: st.DataObject) -> None:
    entries, position = place
    assume(position < len(entries) - 1)
    rest = data.draw(WILD_LISTS)
    assert find(entries, position, (*entries[: position + 1], *rest)) == position


@SETTINGS
@given(place=places(), data=st.data())
def test_a_step_inserted_at_or_before_the_place_leaves_none(place: tuple[Entries, int], data: st.DataObject) -> None:
    entries, position = place
    assume(position < len(entries) - 1)  # before Done it is appended
    at = data.draw(st.integers(0, position))
    assert find(entries, position, (*entries[:at], FRESH, *entries[at:])) is None


@SETTINGS
@given(place=places(), data=st.data())
def test_a_step_renamed_or_removed_at_or_before_the_place_leaves_none(
    place: tuple[Entries, int], data: st.DataObject
) -> None:
    entries, position = place
    at = data.draw(st.integers(0, min(position, len(entries) - 2)))
    assert find(entries, position, (*entries[:at], FRESH, *entries[at + 1 :])) is None
    assert find(entries, position, (*entries[:at], *entries[at + 1 :])) is None


@SETTINGS
@given(place=places(), data=st.data())
def test_two_steps_that_change_places_at_or_before_the_place_leave_none(
    place: tuple[Entries, int], data: st.DataObject
) -> None:
    entries, position = place
    assume(position >= 1 and len(entries) >= 3)
    first = data.draw(st.integers(0, min(position, len(entries) - 3)))
    second = data.draw(st.integers(first + 1, len(entries) - 2))
    changed = list(entries)
    changed[first], changed[second] = changed[second], changed[first]
    assert find(entries, position, changed) is None


@SETTINGS
@given(place=places(), data=st.data())
def test_a_form_changed_at_or_before_the_place_leaves_none(place: tuple[Entries, int], data: st.DataObject) -> None:
    entries, position = place
    at = data.draw(st.integers(0, min(position, len(entries) - 2)))
    changed = list(entries)
    changed[at] = StepEntry(entries[at].name, entries[at].form + "x")
    assert find(entries, position, changed) is None


@SETTINGS
@given(place=places(), data=st.data())
def test_any_renaming_with_its_aliases_changes_no_place(place: tuple[Entries, int], data: st.DataObject) -> None:
    entries, position = place
    names = [entry.name for entry in entries]
    new_names = data.draw(st.permutations([*names, "X", "Y"]))[: len(names)]
    renamed = [StepEntry(name, entry.form) for name, entry in zip(new_names, entries, strict=True)]
    aliases = dict(zip(names, new_names, strict=True))
    assert keeps_place(stored=entries, position=position, present=renamed, aliases=aliases)
    assert find(entries, position, renamed, aliases) == position


@SETTINGS
@given(place=places(), present=LISTS, data=st.data())
def test_an_alias_of_the_standing_step_leads_to_its_place_in_any_other_list(
    place: tuple[Entries, int], present: Entries, data: st.DataObject
) -> None:
    stored, position = place
    target = data.draw(st.integers(0, len(present) - 1))
    aliases = {stored[position].name: present[target].name}
    expected = position if keeps_place(stored=stored, position=position, present=present, aliases=aliases) else target
    assert find(stored, position, present, aliases) == expected


@settings(deadline=None, max_examples=500)
@given(stored=WILD_LISTS, position=st.integers(0, 8), present=WILD_LISTS, aliases=ALIASES)
def test_any_two_lists_give_a_place_that_there_is_or_none_and_can_be_shown(
    stored: Entries, position: int, present: Entries, aliases: dict[str, str]
) -> None:
    place = find(stored, position, present, aliases)
    assert place is None or (0 <= place < len(present) and position < len(stored))
    shown = show_side_by_side(stored, present, position=position)
    assert len(shown.splitlines()) == 1 + max(len(stored), len(present))
    event("a place" if place is not None else "none")


@SETTINGS
@given(one=WILD_LISTS, other=WILD_LISTS)
def test_lists_have_the_same_version_if_and_only_if_they_have_the_same_entries(one: Entries, other: Entries) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
    assert fingerprint(one) == fingerprint(tuple(StepEntry(entry.name, entry.form) for entry in one))
