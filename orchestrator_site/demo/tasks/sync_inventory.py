"""Bring the inventory up to what the network controller knows."""

from orchestrator_site.demo.network import DEVICES, measure, reach
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Read the controller")
def read_controller() -> State:
    """Ask for all ports of all devices."""
    reach("controller", seconds=1.2)
    return {"devices": len(DEVICES), "ports": sum(24 + measure(device, below=25) for device in DEVICES)}


@step("Compare with the inventory")
def compare(task_id: str) -> State:
    """Find what has changed since the last run."""
    reach("inventory", seconds=0.5)
    return {"changes": {"added": measure(task_id, below=3), "changed": measure(task_id, below=7), "removed": 0}}


@step("Write changes")
def write_changes(changes: dict[str, int]) -> State:
    """Store what has changed."""
    reach("inventory", seconds=0.3)
    return {"written": sum(changes.values())}


@workflow("Demo: sync the inventory with the controller", target=Target.SYSTEM)
def task_demo_sync_inventory() -> StepList:
    """Sync."""
    return init >> read_controller >> compare >> write_changes >> done
