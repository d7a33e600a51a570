"""Lists, ordinals and runs of numbers in English. Different sets of numbers never read the same."""

from collections.abc import Callable, Sequence
from itertools import pairwise

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Fewer numbers than this are listed, even where they have a step in common.
_SHORTEST_PROGRESSION = 4
SHORTEST_RUN = 3


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `11th`, …."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def count_of(number: int, unit: str) -> str:
    """Return `1 hour`, `2 hours`."""
    return f"{number} {unit}" if number == 1 else f"{number:d} {unit}s"


def capitalise(text: str) -> str:
    """Return the text with its first letter in upper case; `str.capitalize` would lower all the others."""
    return text[:1].upper() + text[1:]


def write_numbers(values: Sequence[int], write: Callable[[int], str] = str) -> list[str]:
    """Return sorted values one by one, three or more in a row as `first to last`."""
    return [
        word
        for first, last in find_runs(values)
        for word in (
            [f"{write(first)} to {write(last)}"]
            if last - first + 1 >= SHORTEST_RUN
            else [write(each) for each in range(first, last + 1)]
        )
    ]


def find_runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last value of each stretch of consecutive values; they come sorted."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and value == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def find_step(values: Sequence[int], *, shortest: int = _SHORTEST_PROGRESSION) -> int | None:
    """Return the step, 2 or more, that lies between all sorted values; None when they are few or have no such step."""
    if len(values) < shortest:
        return None
    step = values[1] - values[0]
    is_regular = all(later - earlier == step for earlier, later in pairwise(values))
    return step if is_regular and step > 1 else None


def find_cycle(values: Sequence[int], size: int) -> int | None:
    """Return the step, 2 or more, with which sorted values go through 0 … size - 1 and on into the next round."""
    step = find_step(values, shortest=2)
    return step if step and size % step == 0 and len(values) == size // step else None
