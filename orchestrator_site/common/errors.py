"""What our own errors have in common, so that every edge can tell what kind of wrong it was."""


class InvalidValue(Exception):
    """A value that was given cannot be used; the message says what would be right."""

    def __init__(self, message: str, *, field: str = "", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class NotFound(InvalidValue):
    """What was asked for does not exist."""


class Conflict(Exception):
    """What was asked for is not possible in the state in which things are; the message names that state."""
