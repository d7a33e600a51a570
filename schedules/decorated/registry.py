"""Which functions are scheduled in code, and when each is to run.

They are no schedules of the database: such a function has no link to a workflow, is not in the ledger, and runs at most
once per instant, in the scheduler's own process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from orchestrator_site.common.errors import InvalidValue
from schedules.decorated.rules import Rule, read_rule

Function = Callable[..., object]
AnyFunction = TypeVar("AnyFunction", bound=Function)

# A function missed for longer than this is not made up for: the window that stored schedules have by default.
MISFIRE_GRACE_SECONDS = 86_400
# The column of django-apscheduler's table has no room for more.
MAX_ID_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class DecoratedFunction:
    """A function and its schedule.

    Attributes:
        misfire_grace_seconds: How late it may still run; None means however late.
        max_instances: How many runs of it one scheduler has at a time.
    """

    id: str
    name: str
    function: Function
    rule: Rule
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] | None = None
    misfire_grace_seconds: float | None = MISFIRE_GRACE_SECONDS
    max_instances: int = 1

    @property
    def reference(self) -> str:
        """Where the code is: `module:function`."""
        return reference_of(self.function)

    def call(self) -> None:
        """Run it, here and now."""
        self.function(*self.args, **(self.kwargs or {}))


DECORATED: dict[str, DecoratedFunction] = {}


class DuplicateFunction(Exception):
    """Two functions are scheduled under one id; give one of them another `id=`."""


def register(function: DecoratedFunction) -> None:
    """Make a function known to the schedulers that start from now on.

    Raises:
        InvalidValue: An argument cannot be used; it is named.
        DuplicateFunction: Another function has its id.
        TriggerError: Its trigger cannot be built or evaluated.
    """
    _check_arguments(function)
    known = DECORATED.get(function.id)
    if known is not None and not _is_same(known.function, function.function):
        raise DuplicateFunction(
            f"'{function.id}' is the id of {known.reference} already; give {function.reference} another id"
        )
    function.rule.check(now=datetime.now(UTC))
    DECORATED[function.id] = function


def _is_same(known: Function, other: Function) -> bool:
    """Tell whether both are one function, perhaps of a module that was executed again after its import had failed.

    Two of one name are two, whether both are written down (lambdas) or one piece of code makes both (in a loop).
    """
    if known is other:
        return True
    code, other_code = getattr(known, "__code__", None), getattr(other, "__code__", None)
    if code is None or other_code is None or code is other_code:
        return False
    is_one_place = code.co_firstlineno == other_code.co_firstlineno
    return is_one_place and reference_of(known) == reference_of(other)


def _check_arguments(function: DecoratedFunction) -> None:
    """Refuse now what would fail in the scheduler, whenever the function is due."""
    if iscoroutinefunction(function.function):  # calling it would run none of it, and be no error
        raise _refused(function, "function", "async", "a plain function; it may call asyncio.run()")
    if not is_storable(function.id) or len(function.id) > MAX_ID_CHARACTERS:
        raise _refused(function, "id", function.id, f"text of 1 to {MAX_ID_CHARACTERS} characters")
    if not is_storable(function.name):
        raise _refused(function, "name", function.name, "text that is not empty")
    grace: object = function.misfire_grace_seconds
    if grace is not None and (not isinstance(grace, int | float) or not grace > 0):
        raise _refused(function, "misfire_grace_time", grace, "a number of seconds above 0, or None")
    most: object = function.max_instances
    if not isinstance(most, int) or most < 1:
        raise _refused(function, "max_instances", most, "a whole number from 1")


def is_storable(text: object) -> bool:
    """Tell whether it is text that both databases can hold, and not empty."""
    return (
        isinstance(text, str) and text != "" and not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)
    )


def _refused(function: DecoratedFunction, field: str, value: object, right: str) -> InvalidValue:
    message = f"'{field}' of the scheduled {reference_of(function.function)} is {value!r}: give {right}"
    return InvalidValue(message, field=field, value=value)


def reference_of(function: Function) -> str:
    """Return `module:function` of a function."""
    return f"{function.__module__}:{name_of(function)}"


def name_of(function: Function) -> str:
    """Return the name of a function, or of the class of what can be called like one."""
    return str(getattr(function, "__qualname__", type(function).__qualname__))


class DecoratorScheduler:
    """The decorators; `schedules.scheduler.scheduler` is the one instance."""

    def scheduled_job(
        self,
        trigger: Any,
        *,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002  # APScheduler's name
        name: str | None = None,
        misfire_grace_time: float | None = MISFIRE_GRACE_SECONDS,
        max_instances: int = 1,
        **trigger_args: Any,
    ) -> Callable[[AnyFunction], AnyFunction]:
        """Schedule a function: `@scheduler.scheduled_job(id="nightly", name="Nightly", trigger="cron", hour=1)`.

        Args:
            trigger: Its kind, with `trigger_args`, or one of APScheduler's trigger objects.
            args: What the function is called with.
            kwargs: What the function is called with, by name.
            id: What it is stored under; it should never change. Default: its module and name.
            name: For people. Default: the function's name.
            misfire_grace_time: Seconds that it may be late; None for any. What was missed runs once.
            max_instances: How many runs of it one scheduler may have at a time.
            trigger_args: Arguments of the trigger, and options of a schedule: `timezone` (default the setting
                TIME_ZONE), `dst_gap`, `dst_fold`, `on_missing_day`, `spread_seconds`.

        Raises:
            TriggerError: The trigger cannot be built or evaluated.
            InvalidValue: Another argument cannot be used.
        """
        rule = read_rule(trigger, trigger_args)

        def decorate(function: AnyFunction) -> AnyFunction:
            register(
                DecoratedFunction(
                    id=reference_of(function) if id is None else id,
                    name=name_of(function) if name is None else name,
                    function=function,
                    rule=rule,
                    args=tuple(args or ()),
                    kwargs=dict(kwargs or {}),
                    misfire_grace_seconds=misfire_grace_time,
                    max_instances=max_instances,
                )
            )
            return function

        return decorate
