"""The example task: talks to a network service orchestrator, or would."""

import time

import structlog

from workflows.engine import State, StepList, Target, done, init, step, workflow

logger = structlog.get_logger(__name__)

SYNC_SECONDS = 0.1


@step("NSO calls")
def nso_calls() -> State:
    """Stand for the calls of a real sync: wait a moment and say how long it took."""
    started = time.monotonic()
    logger.info("nso_calls_started")
    time.sleep(SYNC_SECONDS)
    seconds = round(time.monotonic() - started, 3)
    logger.info("nso_calls_finished", seconds=seconds)
    return {"nso_calls_seconds": seconds}


@workflow("Nightly sync", target=Target.SYSTEM)
def task_sync_from() -> StepList:
    """Sync, every night."""
    return init >> nso_calls >> done
