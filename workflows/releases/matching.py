"""Which step of one list is which of another one, for people who read what was changed.

Steps of one name in one order are the same ones. Of what is left over, one of the same name has moved, one that an
alias leads to was renamed, and one that stands alone in the place of another one has replaced it. What a task makes of
the two lists is another question, which `engine.versions` answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from workflows.releases.differences import Change, Code

Pair = tuple[int, int]

LAST = "Done"


@dataclass(frozen=True, slots=True)
class Matched:
    """Places in the former list and in the present one; `pairs` are all steps that are in both, by whatever name."""

    pairs: Sequence[Pair]
    moved: Sequence[Pair]
    renamed: Sequence[Pair]
    replaced: Sequence[Pair]
    removed: Sequence[int]
    inserted: Sequence[int]

    def list_changes(self, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
        """Yield what was done to the list, in the order of the present one, then what is gone."""
        changes: list[tuple[int, Change]] = []
        for place in self.inserted:
            code = Code.STEP_APPENDED if self._is_appended(place, after) else Code.STEP_INSERTED
            changes.append((place, Change(code, after[place], before=after[place - 1] if place else None)))
        for code, pairs in ((Code.STEP_RENAMED, self.renamed), (Code.STEP_REPLACED, self.replaced)):
            changes += [(other, Change(code, after[other], before=before[place])) for place, other in pairs]
        for place, other in self.moved:
            changes.append((other, Change(Code.STEP_MOVED, after[other], before=place + 1, after=other + 1)))
        yield from (change for _, change in sorted(changes, key=lambda each: each[0]))
        yield from (Change(Code.STEP_REMOVED, before[place], before=place + 1) for place in self.removed)

    def _is_appended(self, place: int, after: Sequence[str]) -> bool:
        """Tell whether nothing that was there before comes after it but the end."""
        later = range(place + 1, len(after))
        return all(other in self.inserted or (other == len(after) - 1 and after[other] == LAST) for other in later)


def match_steps(before: Sequence[str], after: Sequence[str], *, aliases: Mapping[str, str]) -> Matched:
    """Match two lists of names; `aliases` say what became of former ones."""
    same: list[Pair] = []
    opposite: dict[int, int] = {}
    for tag, start, end, other, other_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        pairs = list(zip(range(start, end), range(other, other_end), strict=False))
        if tag == "equal":
            same += pairs
        elif end - start == other_end - other:
            opposite |= pairs
    removed = [place for place in range(len(before)) if place not in {pair[0] for pair in same}]
    inserted = [place for place in range(len(after)) if place not in {pair[1] for pair in same}]
    moved = _take_pairs(removed, inserted, [(a, b) for a in removed for b in inserted if before[a] == after[b]])
    led = [(a, b) for a in removed for b in inserted if aliases.get(before[a]) == after[b]]
    renamed = _take_pairs(removed, inserted, led)
    replaced = _take_pairs(removed, inserted, list(opposite.items()))
    return Matched(sorted([*same, *moved, *renamed]), moved, renamed, replaced, removed, inserted)


def _take_pairs(removed: list[int], inserted: list[int], candidates: Sequence[Pair]) -> list[Pair]:
    """Return the candidates of which both are still left over, and take them out of that."""
    taken: list[Pair] = []
    for place, other in candidates:
        if place in removed and other in inserted:
            removed.remove(place)
            inserted.remove(other)
            taken.append((place, other))
    return taken
