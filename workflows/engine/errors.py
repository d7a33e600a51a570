"""Errors of workflow code."""


class WorkflowError(Exception):
    """A workflow is written in a way that cannot work; the message says what to change."""


class InconsistentData(Exception):
    """Raise in a step when systems contradict each other: the task ends as `inconsistent_data`."""


class InvalidInputs(WorkflowError):
    """No task can start with these inputs; the message names the key or the value."""


class InvalidFormInputs(InvalidInputs):
    """A form refuses these inputs; the message names the first field, its value and the reason.

    The messages show what was given: they are for whoever gave it, never for a log.

    Attributes:
        errors: The messages by field; those about the inputs as a whole are under "".
    """

    def __init__(self, message: str, *, errors: dict[str, list[str]]) -> None:
        super().__init__(message)
        self.errors = errors


class FormCodeError(WorkflowError):
    """A form cannot be used, or its code raised what a form may not; the message names the form, the place and why."""
