"""A workflow that is deployed in two versions: the environment says which of them a process has."""

import os

from tests.process.faultapp.definitions import witnessed
from tests.process.faultapp.kinds import fail_the_first_time
from tests.support.witness import bear_witness
from workflows.engine import State, StepList, done, init, step, workflow

VERSION_VARIABLE = "FAULT_VERSION"
OLD, NEW = "old", "new"


@step("Second")
def second(task_id: str) -> State:
    """Stop the task here for the first time, so that it stands in the middle."""
    attempt = bear_witness(task_id, "Second")
    fail_the_first_time(task_id, "Second")
    return {"Second": attempt}


@workflow("Steps of which one came later")
def task_deployed() -> StepList:
    if os.environ.get(VERSION_VARIABLE) == NEW:
        return init >> witnessed("First") >> witnessed("Inserted") >> second >> witnessed("Third") >> done
    return init >> witnessed("First") >> second >> witnessed("Third") >> done
