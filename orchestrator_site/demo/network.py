"""The network of the demo: there is none. Whoever talks to it waits as long as a real one would take."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import product
from zlib import crc32

SITES = ("amsterdam", "utrecht", "groningen", "maastricht", "eindhoven", "zwolle", "leiden", "tilburg")
# Role → how many devices of it a site has.
ROLES = {"core": 1, "edge": 2, "access": 1}
DEVICES = tuple(
    f"{site}-{role}-{number}" for site, role in product(SITES, ROLES) for number in range(1, ROLES[role] + 1)
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the network does: how time is spent there, and what is wrong with some of its places.

    The history of the demo has its own: there nobody waits, and some places cannot be reached.
    """

    wait: Callable[[float], None] = time.sleep
    broken: Mapping[str, Exception] = field(default_factory=dict)


_HERE_AND_NOW = Conditions()
_conditions: ContextVar[Conditions] = ContextVar("demo_conditions")


@contextmanager
def network_under(conditions: Conditions) -> Iterator[None]:
    """Let this thread find the network like that inside of the block."""
    token = _conditions.set(conditions)
    try:
        yield
    finally:
        _conditions.reset(token)


def reach(place: str, *, seconds: float) -> None:
    """Talk to a place for a while; raise what is wrong with it."""
    conditions = _conditions.get(_HERE_AND_NOW)
    conditions.wait(seconds)
    if (problem := conditions.broken.get(place)) is not None:
        raise problem


def list_devices(role: str) -> list[str]:
    """Return the devices of a role, or of all of them."""
    return [device for device in DEVICES if role == "all" or f"-{role}-" in device]


def measure(place: str, *, below: int) -> int:
    """Return a number for a place: always the same one, so that a task that is run again finds what it found before."""
    return crc32(place.encode()) % below
