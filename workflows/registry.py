"""Which workflows exist in code: names, and where their code is, without importing it."""

import importlib
import importlib.util
import sys
import threading
from collections.abc import Mapping
from typing import Any

from workflows.engine import WorkflowDefinition

ALL_WORKFLOWS: dict[str, "LazyWorkflowInstance"] = {}

_import_lock = threading.RLock()


class WorkflowCodeError(Exception):
    """A workflow has no code that can be loaded; the message names the workflow and the reason."""


class UnknownWorkflow(WorkflowCodeError):
    """No code is registered for a workflow in this process; another one may have it."""


class RegistrationError(Exception):
    """A workflow cannot be registered like that; the message says what to change."""


class LazyWorkflowInstance:
    """Registers a workflow's name and place; the module is imported when the workflow is first needed.

    Args:
        module: `package.module`, or `.module` relative to the module that registers it.
        function: Name of the decorated function in there; it is the workflow's name too.

    Raises:
        RegistrationError: Another module has registered a workflow of this name, or the place cannot be one.
    """

    def __init__(self, module: str, function: str) -> None:
        caller = sys._getframe(1).f_globals  # noqa: SLF001  # a relative module is the caller's
        self.module = _resolve(module, caller, name=function)
        self.name = function
        self._definition: WorkflowDefinition | None = None
        other = ALL_WORKFLOWS.get(function)
        if other is not None and other.module != self.module:
            raise RegistrationError(
                f"workflow '{function}' is registered twice: in {other.module} and in {self.module}; rename one of them"
            )
        ALL_WORKFLOWS[function] = self

    def __repr__(self) -> str:
        return f"<LazyWorkflowInstance {self.name} in {self.module}>"

    def load(self) -> WorkflowDefinition:
        """Import the module, once, and return the definition.

        Raises:
            WorkflowCodeError: The import fails, or what it finds is no workflow.
        """
        if self._definition is None:
            with _import_lock:
                self._definition = self._import()
        return self._definition

    def _import(self) -> WorkflowDefinition:
        try:
            found = getattr(importlib.import_module(self.module), self.name, None)
        except Exception as error:  # user code: importing it may raise anything
            raise WorkflowCodeError(
                f"code of workflow '{self.name}' cannot be imported from {self.module}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, WorkflowDefinition):
            raise WorkflowCodeError(f"{self.module} has no workflow '{self.name}': decorate it with @workflow or @task")
        return found


def _resolve(module: str, caller: Mapping[str, Any], *, name: str) -> str:
    """Return the absolute name of a module, which may be relative to the one that registers the workflow."""
    try:
        return importlib.util.resolve_name(module, caller.get("__package__"))
    except ImportError as error:
        raise RegistrationError(
            f"workflow '{name}' cannot be registered from {caller.get('__name__')} as in '{module}': {error}"
        ) from error


def get_definition(name: str) -> WorkflowDefinition:
    """Return the code of a workflow.

    Raises:
        UnknownWorkflow: No workflow of that name is registered.
        WorkflowCodeError: Its code cannot be loaded.
    """
    instance = ALL_WORKFLOWS.get(name)
    if instance is None:
        raise UnknownWorkflow(f"no code is registered for workflow '{name}'")
    return instance.load()


def load_definitions() -> tuple[list[WorkflowDefinition], dict[str, str]]:
    """Load the code of every registered workflow; return what loads, and by name what is wrong with what does not."""
    loaded, problems = [], {}
    for name, instance in sorted(ALL_WORKFLOWS.items()):
        try:
            loaded.append(instance.load())
        except WorkflowCodeError as error:
            problems[name] = str(error)
    return loaded, problems
