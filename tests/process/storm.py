"""Schedulers and workers that are killed, frozen and started again all the time, and a database that goes away once."""

import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from tests.support.processes import Program
from tests.support.wait import wait_for

BLOW_SECONDS = 2.0
# Longer than it takes until others have the tasks of a worker (lease and look: 4 s); and up to longer than it takes
# until schedulers count as down (15 s), if there were no other one.
FREEZE_SECONDS = {"worker": (4.5, 8.0), "scheduler": (2.5, 17.0)}
RUNNING = {"worker": "worker_started", "scheduler": "scheduler_running"}


class Blow(NamedTuple):
    """What befalls a process of a role: it is frozen for a while, or else killed and started anew."""

    role: str
    is_freeze: bool


# All of these come before any comes again.
BLOWS = [Blow(role, is_freeze=is_freeze) for role in RUNNING for is_freeze in (True, False, False)]


@dataclass
class Machine:
    """Where a process of a role runs, and its successor when it is killed; its clock may be wrong."""

    role: str
    clock_offset_seconds: float
    program: Program
    thaws_at: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process has come up, and is not frozen."""
        return self.thaws_at is None and bool(self.program.events(RUNNING[self.role]))


class Storm:
    """Kills or freezes one of the processes every two seconds; of each role one is always left alone.

    Attributes:
        done: How often each thing was done.
    """

    def __init__(self, start: Callable[[str, float], Program], *, chance: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._start = start
        self._chance = chance
        self._blows: list[Blow] = []
        self._machines: list[Machine] = []

    def add(self, role: str, *, clock_offset_seconds: float = 0) -> None:
        """Start a process that it may kill."""
        self._machines.append(Machine(role, clock_offset_seconds, self._start(role, clock_offset_seconds)))

    def wait_until_all_run(self) -> None:
        wait_for(lambda: all(each.is_running for each in self._machines), timeout=60, describe="all processes")

    def rage(self, seconds: float) -> None:
        """Go on for so long."""
        end = blows_at = time.monotonic()
        end += seconds
        while time.monotonic() < end:
            if time.monotonic() >= blows_at:
                self._blow()
                blows_at += BLOW_SECONDS
            thaws = [each.thaws_at for each in self._machines if each.thaws_at is not None]
            next_at = min([end, blows_at, *thaws])
            wait_for(partial(_has_come, next_at), timeout=2 * BLOW_SECONDS, describe="the next blow")
            self._thaw(time.monotonic())

    def thaw_all(self) -> None:
        """Let everybody go on."""
        self._thaw(math.inf)

    def stop(self) -> list[int]:
        """End all in order; return their exit codes."""
        return [each.program.stop() for each in self._machines]

    def _thaw(self, moment: float) -> None:
        for each in self._machines:
            if each.thaws_at is not None and each.thaws_at <= moment:
                each.program.send(signal.SIGCONT)
                each.thaws_at = None

    def _blow(self) -> None:
        for each in self._machines:
            assert each.program.process.poll() is None, f"ended by itself:\n{each.program.log.read_text()}"
        if not self._blows:
            self._blows = self._chance.sample(BLOWS, len(BLOWS))
        blow = self._blows[-1]
        running = [each for each in self._machines if each.role == blow.role and each.is_running]
        victims = [
            each for each in self._machines if each.role == blow.role and any(each is not one for one in running)
        ]
        if blow.is_freeze:
            victims = [each for each in victims if each.thaws_at is None]
        if victims:  # else the same blow comes the next time
            self._strike(self._chance.choice(victims), self._blows.pop())

    def _strike(self, victim: Machine, blow: Blow) -> None:
        if blow.is_freeze:
            victim.program.send(signal.SIGSTOP)
            victim.thaws_at = time.monotonic() + self._chance.uniform(*FREEZE_SECONDS[victim.role])
        else:
            victim.program.kill()
            victim.thaws_at = None
            victim.program = self._start(victim.role, victim.clock_offset_seconds)
        self.done[f"{victim.role} {'frozen' if blow.is_freeze else 'killed'}"] += 1


def _has_come(moment: float) -> bool:
    return time.monotonic() >= moment
