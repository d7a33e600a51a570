import os
import threading
from functools import partial

from tests.process.faultapp.gate import wait_at_gate
from tests.support.witness import bear_witness
from workflows.engine import State, Step, StepList, done, init, step, workflow

UNHURRIED_SECONDS = 0.05
# How long steps take that have no time of their own.
SECONDS_VARIABLE = "STEP_SECONDS"


def witnessed(name: str, *, seen_as: str = "", seconds: float | None = None) -> Step:
    """Return a step that testifies, then takes its time; the state says which attempt's result counted.

    Args:
        name: That of the step.
        seen_as: What it is recorded as, where that is another name.
        seconds: How long it takes.
    """

    @step(name)
    def body(task_id: str) -> State:
        attempt = bear_witness(task_id, seen_as or name)
        threading.Event().wait(float(os.environ.get(SECONDS_VARIABLE, "0")) if seconds is None else seconds)
        return {name: attempt}

    return body


@step("Held")
def held(task_id: str) -> State:
    """Testify, then wait at the gate of this attempt."""
    attempt = bear_witness(task_id, "Held")
    wait_at_gate(attempt)
    return {"Held": attempt}


unhurried = partial(witnessed, seconds=UNHURRIED_SECONDS)


@workflow("One step")
def task_one_step() -> StepList:
    return init >> witnessed("Only") >> done


@workflow("Three steps")
def task_three_steps() -> StepList:
    return init >> witnessed("First") >> witnessed("Second") >> witnessed("Third") >> done


@workflow("Three steps that leave time to be killed in")
def task_unhurried() -> StepList:
    return init >> unhurried("First") >> unhurried("Second") >> unhurried("Third") >> done


@workflow("Many steps")
def task_long() -> StepList:
    return init >> StepList(witnessed(f"Step {number}") for number in range(1, 31)) >> done


@workflow("A step that is held at a gate, between two that are not")
def task_held() -> StepList:
    return init >> witnessed("Before") >> held >> witnessed("After") >> done
