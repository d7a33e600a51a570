"""Errors of workflow code."""


class WorkflowError(Exception):
    """A workflow is written in a way that cannot work; the message says what to change."""


class InconsistentData(Exception):
    """Raise in a step when systems contradict each other: the task ends as `inconsistent_data`."""


class InvalidInputs(WorkflowError):
    """No task can start with these inputs; the message names the key or the value."""
