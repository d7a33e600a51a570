"""Percentiles by the nearest-rank method: always a value that was measured."""

from collections.abc import Sequence
from math import ceil
from typing import TypeVar

Value = TypeVar("Value")


def find_percentile(ordered: Sequence[Value], percent: int) -> Value:
    """Return the value that so many percent of the values do not exceed.

    Args:
        ordered: The values, the smallest first; one at least.
        percent: More than 0, and 100 at most.
    """
    return ordered[ceil(len(ordered) * percent / 100) - 1]
