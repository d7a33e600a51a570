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


def find_place(
    *,
    stored: Sequence[StepEntry],
    position: int,
    present: Sequence[StepEntry],
    aliases: Mapping[str, str],
) -> int | None:
    """Return where in `present` a task goes on that stands at `position` of `stored`; None where that would be a guess.

    Args:
        stored: The list that it has run by.
        position: How many steps have passed; it stands at the next one.
        present: The list of the code there is.
        aliases: What became of steps: former names → present ones.
    """
    renamed = [StepEntry(aliases.get(entry.name, entry.name), entry.form) for entry in stored]
    if position < len(stored) and _is_same(renamed, present, position):
        return position
    standing = stored[position].name if position < len(stored) else None
    if standing is not None and standing in aliases:
        places = [place for place, entry in enumerate(present) if entry.name == aliases[standing]]
        return places[0] if len(places) == 1 else None
    return None


def _is_same(stored: Sequence[StepEntry], present: Sequence[StepEntry], position: int) -> bool:
    """Tell whether the lists agree up to the step at which the task stands.

    Before Done steps may have been appended: a task that stands at Done runs them.
    """
    if len(present) <= position or tuple(stored[:position]) != tuple(present[:position]):
        return False
    return stored[position] == present[position] or stored[position].name == _DONE


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
