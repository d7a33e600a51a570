"""How much work one evaluation of a trigger may take before it is given up."""

import time
from collections.abc import Callable

from schedules.triggers.errors import BoundsExceeded

MAX_STEPS = 10_000
MAX_SECONDS = 0.25
# The stopwatch is read once in so many steps: it costs more than a step of most triggers.
_STEPS_BETWEEN_READINGS = 128


class Budget:
    """What is left of an evaluation. A step is one month, one stretch of a zone's clock, or one leaf looked at.

    Steps are the bound that counts: they are the same on every machine. The seconds are a backstop for a machine that
    is too slow even for those; the stopwatch tells only how much time went by, never what time it is.
    """

    __slots__ = ("_ends_at", "_next_reading", "_stopwatch", "seconds", "spent", "steps")

    def __init__(
        self, *, steps: int = MAX_STEPS, seconds: float = MAX_SECONDS, stopwatch: Callable[[], float] = time.monotonic
    ) -> None:
        self.steps, self.seconds = steps, seconds
        self.spent = 0
        self._stopwatch = stopwatch
        self._ends_at = stopwatch() + seconds
        self._next_reading = _STEPS_BETWEEN_READINGS

    def spend(self, steps: int = 1) -> None:
        """Take steps off the budget.

        Raises:
            BoundsExceeded: There is nothing left.
        """
        self.spent += steps
        if self.spent > self.steps:
            raise BoundsExceeded(f"no instant was found within {self.steps:,} steps")
        if self.spent >= self._next_reading:
            self._next_reading = self.spent + _STEPS_BETWEEN_READINGS
            if self._stopwatch() > self._ends_at:
                raise BoundsExceeded(f"no instant was found within {self.seconds * 1000:g} ms")
