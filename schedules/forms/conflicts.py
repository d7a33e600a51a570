"""Two people who saved the same schedule: what each of them made of it, and the one form that comes of both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import QueryDict

from schedules.models import Schedule
from schedules.rules import POLICIES
from schedules.trigger_fields import ARGUMENTS, can_hold, field_name, field_names, show
from schedules.triggers import OPTIONS

# What is chosen as one, in the order of the page. A trigger is: its arguments mean nothing beside another kind.
TRIGGER, INPUTS = "trigger", "inputs"
PARTS = ("name", "timezone", TRIGGER, *(name for name in OPTIONS if name != "timezone"), *POLICIES, INPUTS)
PICK = "pick-"
_INPUT_FIELDS = "inputs-"


class Side(StrEnum):
    """Whose part is kept."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A schedule as texts, one for each of PARTS: so it is compared, whatever type a value was typed or stored as."""

    parts: Mapping[str, str]

    def as_text(self) -> str:
        """Return it as a hidden field holds it."""
        return json.dumps(self.parts)


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that two people have made different.

    Attributes:
        opened: What it was before; None where that is not known.
    """

    part: str
    mine: str
    theirs: str
    opened: str | None

    @property
    def changed_by(self) -> Sequence[Side]:
        """Who of them has changed it: nobody where that is not known."""
        if self.opened is None:
            return []
        sides = ((Side.MINE, self.mine), (Side.THEIRS, self.theirs))
        return [side for side, text in sides if text != self.opened]

    @property
    def suggested(self) -> Side | None:
        """Whose part to keep where only one has changed it; where both have, a person has to say."""
        return self.changed_by[0] if len(self.changed_by) == 1 else None


def make_snapshot(
    values: Mapping[str, Any], *, kind: str, kwargs: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Snapshot:
    """Return a snapshot of values by their names, of a trigger and of inputs."""
    parts = {name: "" if values[name] is None else str(values[name]) for name in PARTS if name in values}
    arguments = {name: value for name, value in kwargs.items() if value is not None}
    parts[TRIGGER] = "\n".join([kind, *_lines(arguments)])
    parts[INPUTS] = "\n".join(_lines(inputs))
    return Snapshot({name: parts[name] for name in PARTS})


def snapshot_of(schedule: Schedule) -> Snapshot:
    """Return a snapshot of a schedule as it is stored."""
    values = {name: getattr(schedule, name) for name in PARTS if name not in {TRIGGER, INPUTS}}
    return make_snapshot(values, kind=schedule.trigger, kwargs=schedule.trigger_kwargs, inputs=schedule.inputs)


def read_snapshot(text: str) -> Snapshot | None:
    """Return what a hidden field holds; None where it does not hold a snapshot, for anybody may write into it."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(parts, dict) and all(isinstance(parts.get(name), str) for name in PARTS)
    return Snapshot(parts) if is_whole else None


def find_differences(*, mine: Snapshot, theirs: Snapshot, opened: Snapshot | None) -> Sequence[Difference]:
    """Return the parts in which two differ."""
    return [
        Difference(part, mine.parts[part], theirs.parts[part], opened.parts[part] if opened else None)
        for part in PARTS
        if mine.parts[part] != theirs.parts[part]
    ]


def merge(sent: QueryDict, schedule: Schedule, picks: Mapping[str, str]) -> QueryDict:
    """Return what was sent, with each part that is picked as theirs as it is stored."""
    data = sent.copy()
    for part in PARTS:
        if picks.get(part) == Side.THEIRS:
            _take(data, schedule, part)
    return data


def _take(data: QueryDict, schedule: Schedule, part: str) -> None:
    if part == TRIGGER:
        _take_trigger(data, schedule)
    elif part == INPUTS:
        for name in [name for name in data if name.startswith(_INPUT_FIELDS)]:
            del data[name]
        data[INPUTS] = json.dumps(schedule.inputs, indent=2, ensure_ascii=False)
    else:
        value = getattr(schedule, part)
        data[part] = "" if value is None else str(value)


def _take_trigger(data: QueryDict, schedule: Schedule) -> None:
    for kind in ARGUMENTS:
        for name in field_names(kind):
            data[name] = ""
    data[TRIGGER] = schedule.trigger
    if can_hold(schedule.trigger, schedule.trigger_kwargs):
        for argument, value in schedule.trigger_kwargs.items():
            data[field_name(schedule.trigger, argument)] = show(value)


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(values):
        value = values[name]
        shown = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
        yield f"{name}: {shown.strip()}"
