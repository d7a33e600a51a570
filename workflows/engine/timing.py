"""How long steps may take, and how long they wait before they are tried again."""

from dataclasses import dataclass

from workflows.engine.errors import WorkflowError

# Ten years: what is longer is a mistake, and a moment that far away may be none that can be stored.
MAX_SECONDS = 315_360_000


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a step is tried again: `first_seconds`, doubled every time, up to `longest_seconds`."""

    first_seconds: float = 10
    longest_seconds: float = 3_600

    def __post_init__(self) -> None:
        if not 0 <= self.first_seconds <= self.longest_seconds <= MAX_SECONDS:
            raise WorkflowError(
                f"a backoff goes from first_seconds up to longest_seconds, {MAX_SECONDS} at most, not from "
                f"{self.first_seconds} to {self.longest_seconds}"
            )

    def limit_seconds(self, failures: int) -> float:
        """Return the longest wait after so many failures in a row, counted from 1."""
        doublings = min(failures - 1, 64)  # far beyond any limit, and no float overflows
        return min(self.first_seconds * float(2**doublings), self.longest_seconds)


@dataclass(frozen=True, slots=True)
class Retrying:
    """A step that failed is tried again, up to `max_attempts` times in all; None for as long as it takes."""

    max_attempts: int | None
    backoff: Backoff


def check_timeout(seconds: float | None, *, user: str) -> None:
    """Refuse a time limit that nothing could keep.

    Raises:
        WorkflowError: It is not above 0, or longer than ten years.
    """
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise WorkflowError(
            f"{user} has timeout_seconds {seconds}; give a number above 0, {MAX_SECONDS} at most, or None for no limit"
        )
