"""Read the interface counters of devices, and tell which interfaces have too many errors."""

from django import forms

from orchestrator_site.demo.network import ROLES, list_devices, measure, reach
from workflows.engine import State, StepList, Target, done, init, step, workflow


class PollForm(forms.Form):
    role = forms.ChoiceField(choices=[("all", "All devices"), *((role, role.capitalize()) for role in ROLES)])
    most_errors = forms.IntegerField(
        label="Errors per hour", min_value=0, initial=50, help_text="An interface with more of them is reported."
    )


@step("Choose devices")
def choose_devices(role: str) -> State:
    """Find out which devices to ask."""
    return {"devices": list_devices(role)}


@step("Read counters")
def read_counters(devices: list[str]) -> State:
    """Ask every device."""
    for device in devices:
        reach(device, seconds=0.08)
    return {"errors_per_hour": {device: measure(device, below=80) for device in devices}}


@step("Store samples")
def store_samples(errors_per_hour: dict[str, int]) -> State:
    """Keep what was read."""
    reach("time series", seconds=0.3)
    return {"stored": len(errors_per_hour)}


@step("Look for errors")
def find_errors(errors_per_hour: dict[str, int], most_errors: int) -> State:
    """Find the devices that need somebody to look at them."""
    return {"to_look_at": [device for device, errors in errors_per_hour.items() if errors > most_errors]}


@workflow("Demo: poll interface counters", target=Target.SYSTEM, initial_input_form=PollForm)
def task_demo_poll_counters() -> StepList:
    """Poll."""
    return init >> choose_devices >> read_counters >> store_samples >> find_errors >> done
