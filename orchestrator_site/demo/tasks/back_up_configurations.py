"""Copy the configuration of every device: minutes of work, in steps short enough to be stopped at any time.

A worker that stops, or dies, leaves the rest to the next one, which goes on with the first device that was not copied.
"""

from orchestrator_site.demo.network import DEVICES, measure, reach
from workflows.engine import State, Step, StepList, Target, begin, done, init, step, step_group, workflow

COPY_SECONDS = 4.0


def copy_from(device: str) -> Step:
    """Return the step that copies the configuration of a device."""

    def copy(copied_bytes: int = 0) -> State:
        reach(device, seconds=COPY_SECONDS)
        return {"copied_bytes": copied_bytes + 8_000 + measure(device, below=24_000)}

    return Step(device, copy)


def copy_all() -> StepList:
    """Return the steps that copy those of all devices, one after the other."""
    steps = begin
    for device in DEVICES:
        steps = steps >> copy_from(device)
    return steps


@step("Write the archive")
def write_archive(copied_bytes: int) -> State:
    """Put all of it where it is kept."""
    reach("archive", seconds=1.5)
    return {"archived": f"{len(DEVICES)} configurations, {copied_bytes:,} bytes"}


@workflow("Demo: back up the configuration of every device", target=Target.SYSTEM)
def task_demo_back_up_configurations() -> StepList:
    """Back up."""
    return init >> step_group("Copy", copy_all()) >> write_archive >> done
