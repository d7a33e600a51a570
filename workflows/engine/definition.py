"""`@workflow` and `@task`."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.engine.errors import WorkflowError
from workflows.engine.kinds import InputStep
from workflows.engine.state import State
from workflows.engine.steps import MAX_NAME_CHARACTERS, StepList, done, init
from workflows.engine.target import Target

StepListFunction = Callable[[], StepList]


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A task that is about to start, as a `run_predicate` sees it."""

    workflow_name: str
    inputs: State
    actor: str


# Says why a task is not to start; None or nothing where it may.
RunPredicate = Callable[[StartRequest], str | None]
# Tells whether a user may do something; gets Django's user.
AuthorizeCallback = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    """A workflow as code: its name is the function's, the row in the database carries the same one.

    Attributes:
        name: That of the function.
        description: In a few words, for people.
        target: What it is for.
        steps: What it does.
        initial_input_form: A Django form that the inputs have to satisfy; None takes any.
        run_predicate: May refuse a start, with a reason.
        authorize_callback: Tells who may start it by hand.
        retry_auth_callback: Tells who may resume it; as for the start if it is None.
        step_aliases: What became of steps of earlier versions: former names → present ones.
    """

    name: str
    description: str
    target: Target
    steps: StepList
    initial_input_form: type[Any] | None = None
    run_predicate: RunPredicate | None = None
    authorize_callback: AuthorizeCallback | None = None
    retry_auth_callback: AuthorizeCallback | None = None
    step_aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_task(self) -> bool:
        """Whether it is tied to no product and so can be scheduled."""
        return self.target is Target.SYSTEM

    @property
    def has_user_code_at_start(self) -> bool:
        """Whether code of its author decides if a task starts."""
        return self.initial_input_form is not None or self.run_predicate is not None

    @property
    def forms(self) -> dict[str, type[Any]]:
        """The form of each step that asks for answers, by the step's name."""
        return {each.name: each.form for each in self.steps if isinstance(each, InputStep)}


def workflow(
    description: str,
    *,
    target: Target = Target.SYSTEM,
    initial_input_form: type[Any] | None = None,
    run_predicate: RunPredicate | None = None,
    authorize_callback: AuthorizeCallback | None = None,
    retry_auth_callback: AuthorizeCallback | None = None,
    step_aliases: Mapping[str, str] | None = None,
) -> Callable[[StepListFunction], WorkflowDefinition]:
    """Define a workflow by a function that returns `init >> … >> done`; see WorkflowDefinition for the arguments.

    Raises:
        WorkflowError: The function returns no step list, or one without a beginning or an end; or an alias leads to no
            step.
    """

    def decorate(function: StepListFunction) -> WorkflowDefinition:
        name = getattr(function, "__name__", repr(function))
        steps = function()
        _check_steps(name, steps)
        _check_aliases(name, steps, step_aliases or {})
        return WorkflowDefinition(
            name=name,
            description=description,
            target=target,
            steps=steps,
            initial_input_form=initial_input_form,
            run_predicate=run_predicate,
            authorize_callback=authorize_callback,
            retry_auth_callback=retry_auth_callback,
            step_aliases=dict(step_aliases or {}),
        )

    return decorate


def task(description: str, **options: Any) -> Callable[[StepListFunction], WorkflowDefinition]:
    """Define a task workflow by a function that returns `begin >> …`; Start and Done are put around it if missing.

    It takes what `workflow` takes, but for the target.
    """

    def decorate(function: StepListFunction) -> WorkflowDefinition:
        def with_ends() -> StepList:
            steps = function()
            if isinstance(steps, StepList):
                steps = steps if _has_beginning(steps) else init >> steps
                steps = steps if _has_end(steps) else steps >> done
            return steps

        with_ends.__name__ = getattr(function, "__name__", repr(function))
        return workflow(description, target=Target.SYSTEM, **options)(with_ends)

    return decorate


def _check_steps(name: str, steps: object) -> None:
    if not isinstance(steps, StepList):
        raise WorkflowError(f"workflow '{name}' returns {type(steps).__name__}; return init >> … >> done")
    if not _has_beginning(steps) or not _has_end(steps):
        raise WorkflowError(f"workflow '{name}' is {steps!r}; it has to be init >> … >> done")
    if sum(step.is_last for step in steps) > 1:
        raise WorkflowError(f"workflow '{name}' is {steps!r}; 'done' can stand only at its end")
    for step in steps:
        if not 0 < len(step.name) <= MAX_NAME_CHARACTERS:
            raise WorkflowError(
                f"workflow '{name}' has a step of the name {step.name!r:.100}; a name, with those of the groups around "
                f"it, is a text of 1 to {MAX_NAME_CHARACTERS} characters"
            )


def _check_aliases(name: str, steps: StepList, aliases: Mapping[str, str]) -> None:
    names = [each.name for each in steps]
    for former, present in aliases.items():
        if present not in names:
            near = difflib.get_close_matches(present, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"its steps are {', '.join(names)}"
            raise WorkflowError(f"workflow '{name}': step_aliases leads from '{former}' to no step '{present}'; {hint}")


def _has_beginning(steps: StepList) -> bool:
    return len(steps) > 0 and steps[0] is init[0]


def _has_end(steps: StepList) -> bool:
    return len(steps) > 0 and steps[len(steps) - 1].is_last
