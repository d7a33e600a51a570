import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.005


def wait_for(condition: Callable[[], T], timeout: float = 10, *, describe: str = "the condition") -> T:
    """Return the first true value of `condition`, asked every 5 ms.

    Args:
        condition: What to wait for; should be cheap.
        timeout: Seconds after which to give up.
        describe: What is waited for, for the failure.

    Raises:
        AssertionError: The time is up; the message holds the last value.
    """
    give_up_at = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{describe}: not within {timeout} s, last value {value!r}")
        time.sleep(POLL_SECONDS)
