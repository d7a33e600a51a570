"""Collect figures, and send what they say to those who asked for it."""

from orchestrator_site.demo.network import SITES, measure, reach
from workflows.engine import State, StepList, Target, done, init, step, workflow


@step("Collect figures")
def collect(report: str = "traffic") -> State:
    """Read the figures of every site."""
    for site in SITES:
        reach(f"figures of {site}", seconds=0.15)
    return {"report": report, "figures": {site: measure(f"{report} {site}", below=100) for site in SITES}}


@step("Write the report")
def write(report: str, figures: dict[str, int]) -> State:
    """Make a page of it."""
    reach("templates", seconds=0.7)
    highest = max(figures, key=lambda site: figures[site])
    return {"text": f"{report}: {highest} is the highest of {len(figures)} sites, at {figures[highest]} %"}


@step("Send it")
def send(text: str) -> State:
    """Send the page."""
    reach("mail", seconds=0.3)
    return {"sent_characters": len(text)}


@workflow("Demo: send a report", target=Target.SYSTEM)
def task_demo_send_report() -> StepList:
    """Report."""
    return init >> collect >> write >> send >> done
