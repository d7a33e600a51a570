"""A workflow for each kind of step, and one with all of them; their steps testify as those of `definitions` do."""

import os
from collections.abc import Callable
from pathlib import Path

from django import forms

from tests.process.faultapp.asking import answer_route, note_route
from tests.process.faultapp.definitions import witnessed
from tests.process.faultapp.effects import write_effect
from tests.support.witness import FILE_VARIABLE, bear_witness
from workflows.engine import (
    Backoff,
    State,
    StepList,
    abort,
    callback_step,
    conditional,
    done,
    focussteps,
    init,
    inputstep,
    retrystep,
    step,
    step_group,
    workflow,
)

AT_ONCE = Backoff(first_seconds=0, longest_seconds=0)

Action = Callable[[str, str], None]


class Reason(forms.Form):
    reason = forms.CharField()


def booking(name: str, *, fails_first: bool = False) -> Callable[[str], State]:
    """Return the body of an atomic step: it writes one row, and may fail behind that the first time it runs."""

    def body(task_id: str) -> State:
        attempt = bear_witness(task_id, name)
        write_effect(task_id, name, attempt)
        if fails_first:
            fail_the_first_time(task_id, name)
        return {name: attempt}

    return body


def fail_the_first_time(task_id: str, name: str) -> None:
    """Fail, unless this step of the task has failed already, in whichever process."""
    mark = Path(f"{os.environ[FILE_VARIABLE]}-{task_id}-{name}")
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    raise ConnectionError("nobody answers yet")


@step("Book", atomic=True)
def book(task_id: str) -> State:
    return booking("Book")(task_id)


@retrystep("Book again", atomic=True, backoff=AT_ONCE)
def book_again(task_id: str) -> State:
    return booking("Book again", fails_first=True)(task_id)


@retrystep("Unsteady", backoff=AT_ONCE)
def unsteady(task_id: str) -> State:
    attempt = bear_witness(task_id, "Unsteady")
    fail_the_first_time(task_id, "Unsteady")
    return {"Unsteady": attempt}


@inputstep("Ask", form=Reason)
def ask(task_id: str, reason: str) -> State:
    return {"Ask": bear_witness(task_id, "Ask"), "has_reason": bool(reason)}


def calling(group: str, act: Action) -> StepList:
    """Return three steps that call another system, which `act` plays."""

    @step("Call")
    def call(task_id: str, callback_route: str) -> State:
        attempt = bear_witness(task_id, f"{group}: Call")
        act(task_id, callback_route)
        return {f"{group}: Call": attempt}

    @step("Look")
    def look(task_id: str, callback_result: State) -> State:
        assert callback_result["is_well"]
        return {f"{group}: Look": bear_witness(task_id, f"{group}: Look")}

    return callback_step(group, call, look)


def is_dirty(state: State) -> bool:
    return bool(state["is_dirty"])


def is_lost(state: State) -> bool:
    return bool(state.get("is_lost"))


@step("Dig")
def dig(task_id: str) -> State:
    """Testify; what is dug out holds the id of the task as well, for the steps that see nothing else."""
    return {"Dig": bear_witness(task_id, "Dig"), "is_dirty": True, "part": {"task_id": task_id}}


conditioned = conditional(is_dirty)(witnessed("Clean") >> witnessed("Polish")) >> conditional(is_lost)(
    witnessed("Seek")
)
grouped = step_group("Group", witnessed("First", seen_as="Group: First") >> witnessed("Last", seen_as="Group: Last"))
focused = focussteps("part")(witnessed("Zoom") >> witnessed("Paint"))
called = calling("Far", note_route)
called_back_at_once = calling("Near", lambda _, route: answer_route(route))


@workflow("An atomic step")
def task_atomic() -> StepList:
    return init >> book >> done


@workflow("Steps that are tried again")
def task_retried() -> StepList:
    return init >> unsteady >> book_again >> done


@workflow("A question to a person")
def task_asking() -> StepList:
    return init >> ask >> done


@workflow("Steps that run, and a step that is skipped")
def task_conditional() -> StepList:
    return init >> dig >> conditioned >> done


@workflow("A group")
def task_grouped() -> StepList:
    return init >> grouped >> done


@workflow("A question to another system, which takes its time")
def task_calling() -> StepList:
    return init >> called >> done


@workflow("A question to another system, which answers before the step has ended that asks")
def task_called_back_at_once() -> StepList:
    return init >> called_back_at_once >> done


@workflow("Steps that see a part of the state")
def task_focused() -> StepList:
    return init >> dig >> focused >> done


@workflow("Steps until it ends itself")
def task_given_up() -> StepList:
    return init >> book >> witnessed("Try") >> abort >> done


@workflow("Steps of every kind")
def task_of_all_kinds() -> StepList:
    return (
        init
        >> dig
        >> book
        >> unsteady
        >> ask
        >> conditioned
        >> grouped
        >> called
        >> focused
        >> called_back_at_once
        >> done
    )
