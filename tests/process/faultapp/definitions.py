import threading
from functools import partial

from tests.process.faultapp.gate import wait_at_gate
from tests.support.witness import bear_witness
from workflows.engine import State, Step, StepList, done, init, step, workflow

UNHURRIED_SECONDS = 0.05


def witnessed(name: str, *, seconds: float = 0) -> Step:
    """Return a step that testifies, then takes its time; the state says which attempt's result counted."""

    @step(name)
    def body(task_id: str) -> State:
        attempt = bear_witness(task_id, name)
        threading.Event().wait(seconds)
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


@workflow("A step that is held at a gate, between two that are not")
def task_held() -> StepList:
    return init >> witnessed("Before") >> held >> witnessed("After") >> done
