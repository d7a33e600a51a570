"""What can be wrong with a trigger."""


class TriggerError(Exception):
    """A trigger cannot be built or evaluated; `field` is the argument at fault and the message says what is right."""

    def __init__(self, message: str, *, field: str = "trigger_kwargs", value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class BoundsExceeded(TriggerError):
    """An evaluation has taken as many steps, or looked as far ahead, as it may, and found no instant."""


class HorizonPassed(BoundsExceeded):
    """There is no instant within ten years; there may be one after that."""
