from pathlib import Path

from workflows.engine import State, StepList, done, init, step, workflow


class GateClosed(Exception):
    """There is no file at the gate."""


@step("Walk to the gate")
def walk() -> State:
    return {"distance": {"metres": 42}}


@step("Pass the gate")
def pass_gate(gate: str) -> State:
    if not Path(gate).exists():
        raise GateClosed(f"nobody has opened {Path(gate).name}")
    return {"passed": True}


@workflow("Through the gate")
def task_through_the_gate() -> StepList:
    return init >> walk >> pass_gate >> done
