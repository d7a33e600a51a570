"""Time zones as tables of numbers, read from tzdata without `zoneinfo`.

A zone is what RFC 9636 says of its file: the transitions written down in it, then the rule in its last line for all
years after. Nothing here is shared with the code under test but the files of the package `tzdata`.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tests.oracles.posix_rules import read_posix_rule

FIRST_YEAR, LAST_YEAR = 2000, 2037
# A year more on either side, for patterns that look beyond.
TABLE_START = int(datetime(FIRST_YEAR - 1, 1, 1, tzinfo=UTC).timestamp())
TABLE_END = int(datetime(LAST_YEAR + 2, 1, 1, tzinfo=UTC).timestamp())

# Half an hour, midnight, Ramadan, a day left out, no change at all.
NAMED_ZONES = (
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
)

Seconds = NDArray[np.int64]


class Change(NamedTuple):
    """The offset of a zone changes at `at`; offsets are seconds east of Greenwich."""

    at: int
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class ZoneTable:
    """A zone from 1999 to 2038: from `begins[n]` on, seconds since 1970 in UTC, `offsets[n]` holds."""

    name: str
    begins: Seconds
    offsets: Seconds

    def local(self, instants: Seconds) -> Seconds:
        """Return what the clocks show, as seconds since 1970 of a clock that stands for the wall."""
        return instants + self.offsets[np.searchsorted(self.begins, instants, side="right") - 1]

    def changes(self) -> list[Change]:
        """Return every change of the offset in the years that are proved."""
        first = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
        last = int(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())
        numbers = zip(self.begins[1:].tolist(), self.offsets.tolist(), self.offsets[1:].tolist(), strict=False)
        return [Change(*each) for each in numbers if first <= each[0] < last]

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Return (begin, end, offset) for each stretch of one offset that touches the time from start to end."""
        ends = [*self.begins[1:].tolist(), TABLE_END]
        for begin, stop, offset in zip(self.begins.tolist(), ends, self.offsets.tolist(), strict=True):
            if begin < end and stop > start:
                yield begin, stop, offset


@cache
def zone_table(name: str) -> ZoneTable:
    begins, offsets = _read_tzif(_zone_bytes(name))
    kept = [0, *(n for n in range(1, len(begins)) if offsets[n] != offsets[n - 1])]
    return ZoneTable(name, np.array([begins[n] for n in kept]), np.array([offsets[n] for n in kept]))


@cache
def all_zones() -> tuple[str, ...]:
    return tuple((resources.files("tzdata") / "zones").read_text().split())


@cache
def distinct_zones() -> tuple[str, ...]:
    """Return one name for each content of a zone's file, a named one or the first."""
    found: dict[bytes, str] = {}
    for name in sorted(all_zones(), key=lambda name: (name not in NAMED_ZONES, "/" not in name, name)):
        found.setdefault(hashlib.sha256(_zone_bytes(name)).digest(), name)
    return tuple(sorted(found.values()))


@cache
def zoneinfo_of(name: str) -> ZoneInfo:
    """Return the zone as others read it, from the same file, whatever the machine has elsewhere."""
    with _zone_file(name).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def _zone_bytes(name: str) -> bytes:
    return _zone_file(name).read_bytes()


def _zone_file(name: str) -> Traversable:
    return (resources.files("tzdata") / "zoneinfo").joinpath(*name.split("/"))


def _read_tzif(data: bytes) -> tuple[list[int], list[int]]:
    """Return the begins and offsets of the stretches from TABLE_START to TABLE_END (RFC 9636, section 3)."""
    counts, position = _read_header(data, 0)
    utc_marks, standard_marks, leaps, times, types, letters = counts
    # The first block has times of four bytes; the second one has the same again, and more, in eight.
    position += times * 5 + types * 6 + letters + leaps * 8 + standard_marks + utc_marks
    (utc_marks, standard_marks, leaps, times, types, letters), position = _read_header(data, position)
    instants = list(struct.unpack_from(f">{times}q", data, position))
    position += times * 8
    kinds = list(data[position : position + times])
    position += times
    offsets = [int(struct.unpack_from(">i", data, position + 6 * n)[0]) for n in range(types)]
    position += types * 6 + letters + leaps * 12 + standard_marks + utc_marks
    rule = data[position:].decode("ascii").strip("\n")
    stretches = [(-(2**60), offsets[0]), *((at, offsets[kind]) for at, kind in zip(instants, kinds, strict=True))]
    last_written = stretches[-1][0]
    stretches += [(at, offset) for at, offset in _changes_by_rule(rule) if at > last_written]
    before = max(n for n, (at, _) in enumerate(stretches) if at <= TABLE_START)
    inside = [(max(at, TABLE_START), offset) for at, offset in stretches[before:] if at < TABLE_END]
    return [at for at, _ in inside], [offset for _, offset in inside]


def _read_header(data: bytes, position: int) -> tuple[tuple[int, ...], int]:
    magic, version = struct.unpack_from(">4sc", data, position)
    assert magic == b"TZif"
    assert version >= b"2"
    return struct.unpack_from(">6L", data, position + 20), position + 44


def _changes_by_rule(text: str) -> Iterator[tuple[int, int]]:
    """Return (instant, offset from then on) for every change that the rule makes within the table."""
    rule = read_posix_rule(text)
    if rule.summer is None:
        # Without a change in it, the rule only repeats the offset of the last change written down.
        return
    changes = []
    for year in range(FIRST_YEAR - 2, LAST_YEAR + 3):
        changes.append((_epoch(rule.summer.begins.day_in(year)) + rule.summer.begins.seconds - rule.offset, 1))
        changes.append((_epoch(rule.summer.ends.day_in(year)) + rule.summer.ends.seconds - rule.summer.offset, 0))
    for at, is_summer in sorted(changes):
        yield at, rule.summer.offset if is_summer else rule.offset


def _epoch(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(seconds=1)
