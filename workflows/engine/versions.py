"""What a step list is by its contents, and where in another one a task goes on.

Code is deployed while tasks live. A task remembers the list that it has run by; a worker that has another one may go
on only where nobody has to guess: where the steps that have passed, and the one at which the task stands, are the same
ones at the same places, or where somebody said what became of them.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.kinds import InputStep
from workflows.engine.steps import StepList

FINGERPRINT_CHARACTERS = 32

_DONE = "Done"


@dataclass(frozen=True, slots=True)
class StepEntry:
    """What matters of a step for tasks that are on their way: its name, and a digest of the form that it asks, if any.

    The form that starts a task counts as that of its first step.
    """

    name: str
    form: str = ""


def list_entries(
    steps: StepList, *, initial_form: type[Any] | None, digest: Callable[[type[Any]], str]
) -> tuple[StepEntry, ...]:
    """Return the entries of a step list; `digest` tells forms apart."""
    forms: list[type[Any] | None] = [each.form if isinstance(each, InputStep) else None for each in steps]
    forms[0] = initial_form
    return tuple(StepEntry(each.name, digest(form) if form else "") for each, form in zip(steps, forms, strict=True))


def fingerprint(entries: Iterable[StepEntry]) -> str:
    """Return the version of a step list: the same for the same entries, on every machine."""
    text = json.dumps([[entry.name, entry.form] for entry in entries], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def keeps_place(
    *,
    stored: Sequence[StepEntry],
    position: int,
    present: Sequence[StepEntry],
    aliases: Mapping[str, str],
) -> bool:
    """Tell whether a task goes on at the same place: the lists agree up to the step at which it stands, and there.

    A step is the same one if it has its name still, or the one that an alias leads to. Before the last step others may
    have been appended: a task that stands there runs them.
    """
    if position >= min(len(stored), len(present)):
        return False
    last = len(stored) - 1
    compared = zip(stored[: position + 1], present[: position + 1], strict=True)
    return all(
        entry == other or _renamed(entry, aliases) == other or (place == last and entry.name == _DONE)
        for place, (entry, other) in enumerate(compared)
    )


def find_place(
    *,
    stored: Sequence[StepEntry],
    position: int,
    present: Sequence[StepEntry],
    aliases: Mapping[str, str],
) -> int | None:
    """Return where in `present` a task goes on that stands at `position` of `stored`; None where that would be a guess.

    An alias of the step at which it stands is an explicit answer, whatever has become of the others.

    Args:
        stored: The list that it has run by.
        position: How many steps have passed; it stands at the next one.
        present: The list of the code there is.
        aliases: What became of steps: former names → present ones.
    """
    if keeps_place(stored=stored, position=position, present=present, aliases=aliases):
        return position
    standing = aliases.get(stored[position].name) if position < len(stored) else None
    places = [place for place, entry in enumerate(present) if entry.name == standing]
    return places[0] if len(places) == 1 else None


def _renamed(entry: StepEntry, aliases: Mapping[str, str]) -> StepEntry:
    return StepEntry(aliases.get(entry.name, entry.name), entry.form)


def show_side_by_side(stored: Sequence[StepEntry], present: Sequence[StepEntry], *, position: int) -> str:
    """Return both lists for people, a step a line; `→` marks where the task stands."""
    left = ["the task ran by", *(_say(entry) for entry in stored)]
    right = ["the code has", *(_say(entry) for entry in present)]
    width = max(map(len, left))
    rows = max(len(left), len(right))
    left += [""] * (rows - len(left))
    right += [""] * (rows - len(right))
    return "\n".join(
        f"{'→' if row == position + 1 else ' '} {one:<{width}} | {other}".rstrip()
        for row, (one, other) in enumerate(zip(left, right, strict=True))
    )


def _say(entry: StepEntry) -> str:
    return f"{entry.name} (form {entry.form})" if entry.form else entry.name
