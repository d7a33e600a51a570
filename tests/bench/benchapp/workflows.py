"""A task of three recorded steps that does nothing: what is left is the cost of recording."""

from workflows.engine import StepList, begin, step, task
from workflows.registry import LazyWorkflowInstance


@step("Do nothing")
def do_nothing() -> None:
    pass


@task("Do nothing")
def bench_noop() -> StepList:
    return begin >> do_nothing


LazyWorkflowInstance(__name__, "bench_noop")
