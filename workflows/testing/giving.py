"""What a test gives to steps that ask for something: answers of people, and results of other systems."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workflows.engine import Given, Step, WorkflowDefinition, WorkflowError
from workflows.engine.kinds import AWAITING, AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.records import StepRecord
from workflows.engine.state import State, to_storable_json
from workflows.engine.steps import NOTHING_GIVEN
from workflows.testing.names import say_near

# The path that every action of a callback step gets: nothing is there.
CALLBACK_ROUTE = "/api/tasks/01900000-0000-7000-8000-000000000001/callback/not-a-token-but-a-test"


class AnswerError(WorkflowError):
    """An answer is given that no step asks for, or is missing, or cannot be stored."""


@dataclass(frozen=True, slots=True)
class Giving:
    """The answers to the forms of steps, and the results of callbacks, each by its name."""

    answers: Mapping[str, State] = field(default_factory=dict)
    callbacks: Mapping[str, Any] = field(default_factory=dict)

    def with_more(
        self,
        definition: WorkflowDefinition,
        *,
        answers: Mapping[str, Mapping[str, Any]] | None,
        callbacks: Mapping[str, Any] | None,
    ) -> "Giving":
        """Return these with others added, or in their place.

        Raises:
            AnswerError: Nothing in the workflow has the name, or the value cannot be stored.
        """
        asking = [each.name for each in definition.steps if isinstance(each, InputStep)]
        awaiting = [callback_name(each) for each in definition.steps if isinstance(each, AwaitCallbackStep)]
        more_answers = _read(definition, answers, names=asking, kind="the steps that ask for answers")
        for name, answer in more_answers.items():
            if not isinstance(answer, dict):
                raise AnswerError(f"the answers to '{name}' are {answer!r}; give a dict: field → answer")
        more_callbacks = _read(definition, callbacks, names=awaiting, kind="its callback steps")
        return replace(self, answers={**self.answers, **more_answers}, callbacks={**self.callbacks, **more_callbacks})

    def to_step(self, step: Step, *, before: Sequence[StepRecord]) -> Given:
        """Return what a step is given, `before` being the records of the steps before it."""
        match step:
            case InputStep():
                return Given(answers=copy.deepcopy(self.answers.get(step.name)))
            case CallbackActionStep():
                return Given(callback_route=CALLBACK_ROUTE)
            case AwaitCallbackStep():
                passed = [each for each in before if each.has_passed]
                is_open = bool(passed) and passed[-1].status != "skipped"
                return Given(callback=self._find_result(step), is_callback_open=is_open)
        return NOTHING_GIVEN

    def check_step(self, step: Step) -> None:
        """Refuse to go on at a step that would only ask again.

        Raises:
            AnswerError: It asks for answers, or awaits a callback, and there is none.
        """
        if isinstance(step, InputStep) and step.name not in self.answers:
            raise AnswerError(f"'{step.name}' asks for answers: give answers={{'{step.name}': {{…}}}}")
        if isinstance(step, AwaitCallbackStep) and callback_name(step) not in self.callbacks:
            name = callback_name(step)
            raise AnswerError(f"'{name}' awaits a callback: give callbacks={{'{name}': …}}")

    def _find_result(self, step: AwaitCallbackStep) -> State | None:
        name = callback_name(step)
        return {"result": copy.deepcopy(self.callbacks[name])} if name in self.callbacks else None


def callback_name(step: AwaitCallbackStep) -> str:
    """Return the name of the callback step of which this is the one that waits, groups included."""
    return step.name.removesuffix(f": {AWAITING}")


def as_stored(value: object) -> Any:
    """Return a value as a worker reads it: it has been JSON.

    Raises:
        TypeError, ValueError: It cannot be stored.
    """
    return json.loads(to_storable_json(value))


def _read(
    definition: WorkflowDefinition, given: Mapping[str, Any] | None, *, names: Sequence[str], kind: str
) -> dict[str, Any]:
    read = {}
    for name, value in (given or {}).items():
        if name not in names:
            raise AnswerError(f"nothing in '{definition.name}' is {name!r}{say_near(str(name), names, kind=kind)}")
        try:
            read[name] = as_stored(value)
        except (TypeError, ValueError) as error:
            raise AnswerError(f"what is given for '{name}' cannot be stored: {error}") from error
    return read
