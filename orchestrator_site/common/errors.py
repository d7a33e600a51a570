"""What our own errors have in common, so that every edge can tell what kind of wrong it was."""

from collections.abc import Mapping, Sequence


class InvalidValue(Exception):
    """A value that was given cannot be used; the message says what would be right."""

    def __init__(self, message: str, *, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class InvalidFields(InvalidValue):
    """Several values that were given cannot be used: `errors` has the messages for each field."""

    def __init__(self, message: str, *, errors: Mapping[str, Sequence[str]], values: Mapping[str, object]) -> None:
        super().__init__(message)
        self.errors = errors
        self.values = values


class NotFound(InvalidValue):
    """What was asked for does not exist."""


class AlreadyUsed(InvalidValue):
    """A value that stands for one thing was given for another one."""


class Conflict(Exception):
    """What was asked for is not possible in the state in which things are; the message names that state."""


class Forbidden(Exception):
    """Whoever asked for it may not do it."""


class Refused(Exception):
    """Something that was asked for is refused for a reason that its own code gives."""
