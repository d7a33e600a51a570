"""How much work a forecast over many schedules may take."""

from schedules.triggers import BoundsExceeded, Budget


class EffortSpent(Exception):
    """A forecast has taken as many steps, or as long, as it may."""


class Effort(Budget):
    """What is left of a forecast, in steps as an evaluation counts them, and in seconds."""

    __slots__ = ()

    @property
    def left(self) -> int:
        """The steps that are left."""
        return max(0, self.steps - self.spent)

    def spend(self, steps: int = 1) -> None:
        """Take steps off it.

        Raises:
            EffortSpent: There is nothing left.
        """
        try:
            super().spend(steps)
        except BoundsExceeded as error:
            raise EffortSpent(f"{self.spent:,} steps were taken, or {self.seconds:g} s") from error
