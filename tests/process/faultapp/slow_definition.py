from tests.process.faultapp.gate import wait_at_gate
from workflows.engine import StepList, done, init, workflow

wait_at_gate("loading")


@workflow("Its module takes as long to import as a gate is closed")
def task_slow_to_load() -> StepList:
    return init >> done
