"""The closed set of what a step can end in, and how an exception is classified."""

import traceback
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from workflows.engine.errors import InconsistentData
from workflows.engine.state import State

MAX_MESSAGE_CHARACTERS = 2_000
MAX_TRACEBACK_CHARACTERS = 20_000

_UNAVAILABLE_CODES = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
# requests, httpx, urllib and aiohttp each have a class of their own; a step may use any, and we depend on none.
_UNAVAILABLE_CLASSES = {"ConnectionError", "TransportError", "URLError", "ClientConnectionError", "TimeoutError"}


class FailureKind(StrEnum):
    """The task status that a failure leads to."""

    FAILED = "failed"
    API_UNAVAILABLE = "api_unavailable"
    INCONSISTENT_DATA = "inconsistent_data"


@dataclass(frozen=True, slots=True)
class Success:
    """The step ran; `state` goes to the next one."""

    state: State


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step was left out, since its condition does not hold; `state` goes to the next one."""

    state: State


@dataclass(frozen=True, slots=True)
class Complete:
    """The last step ran; the task is done."""

    state: State


@dataclass(frozen=True, slots=True)
class Abort:
    """The workflow itself ends its task here, on purpose."""

    state: State


@dataclass(frozen=True, slots=True)
class Suspend:
    """The step needs answers from a person; the task goes on when it has them."""

    state: State


@dataclass(frozen=True, slots=True)
class AwaitCallback:
    """Another system was asked for something; the task goes on when it calls back.

    `timeout_seconds` is how long it may take; None for as long as it wants.
    """

    state: State
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The step raised; the task can be resumed at this step."""

    kind: FailureKind
    error_class: str
    message: str
    traceback: str

    @property
    def reason(self) -> str:
        """One line for people: class and message."""
        return f"{self.error_class}: {self.message}" if self.message else self.error_class

    def describe(self) -> dict[str, str]:
        """Return what is stored of it."""
        return {"class": self.error_class, "message": self.message, "traceback": self.traceback}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step raised, and is to be tried again.

    Attributes:
        failed: What it raised.
        longest_seconds: The next attempt comes after a time between 0 and this, drawn by whoever runs it: full jitter,
            so that many tasks that failed together do not come back together.
    """

    failed: Failed
    longest_seconds: float


Outcome = Success | Skipped | Suspend | Waiting | AwaitCallback | Failed | Abort | Complete


def classify_failure(error: BaseException) -> FailureKind:
    """Tell what kind of failure an exception means.

    An answer with status 502, 503 or 504, or no connection at all, is `api_unavailable`: trying again later helps.
    AssertionError and InconsistentData are `inconsistent_data`: somebody has to look.
    """
    if isinstance(error, AssertionError | InconsistentData):
        return FailureKind.INCONSISTENT_DATA
    code = getattr(getattr(error, "response", None), "status_code", None) or getattr(error, "code", None)
    if isinstance(code, int):
        return FailureKind.API_UNAVAILABLE if code in _UNAVAILABLE_CODES else FailureKind.FAILED
    names = {cls.__name__ for cls in type(error).__mro__}
    return FailureKind.API_UNAVAILABLE if names & _UNAVAILABLE_CLASSES else FailureKind.FAILED


def failed_by(error: BaseException) -> Failed:
    """Describe an exception as an outcome; message and traceback are bounded, the end of a long traceback is kept."""
    lines = "".join(traceback.format_exception(error))
    return Failed(
        kind=classify_failure(error),
        error_class=type(error).__name__,
        message=storable_text(_read_message(error))[:MAX_MESSAGE_CHARACTERS],
        traceback=storable_text(lines)[-MAX_TRACEBACK_CHARACTERS:],
    )


def timed_out(*, seconds: float, timeout_seconds: float) -> Failed:
    """Describe a step that ran for longer than it may."""
    return Failed(
        kind=FailureKind.FAILED,
        error_class="StepTimeout",
        message=f"the step took {seconds:.1f} s; its timeout_seconds is {timeout_seconds:g}",
        traceback="",
    )


def storable_text(text: str) -> str:
    """Return text that PostgreSQL can store: without NUL and without halves of surrogate pairs."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _read_message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # user code: an error whose own text fails is a failed step all the same
        return "(its message cannot be read)"
