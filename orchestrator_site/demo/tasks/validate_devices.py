"""Compare what devices have with what they should have."""

from orchestrator_site.demo.network import list_devices, measure, reach
from workflows.engine import State, StepList, Target, done, init, step, workflow

TOLERATED_LINES = 2


@step("Read the inventory")
def read_inventory(role: str = "all") -> State:
    """Find out which devices there are of a role."""
    reach("inventory", seconds=0.4)
    return {"role": role, "devices": list_devices(role)}


@step("Fetch configurations")
def fetch_configurations(devices: list[str]) -> State:
    """Ask every device for what it has."""
    for device in devices:
        reach(device, seconds=0.1)
    return {"fetched": len(devices)}


@step("Compare with the templates")
def compare(devices: list[str]) -> State:
    """Find the lines that differ."""
    reach("templates", seconds=0.6)
    lines = {device: measure(device, below=4) for device in devices}
    return {"differing_lines": {device: count for device, count in lines.items() if count > TOLERATED_LINES}}


@step("Report differences")
def report(differing_lines: dict[str, int], fetched: int) -> State:
    """Say how many devices there are to look at."""
    reach("mail", seconds=0.2)
    return {"report": f"{len(differing_lines)} of {fetched} devices differ from their template"}


@workflow("Demo: validate device configurations", target=Target.SYSTEM)
def task_demo_validate_devices() -> StepList:
    """Validate."""
    return init >> read_inventory >> fetch_configurations >> compare >> report >> done
