"""Two workers have different code for one workflow, as for a while after each deploy."""

from pathlib import Path

import pytest

from tasks.models import Task, TaskStatus
from tasks.services import resume_task, start_process
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.gate import Gates
from tests.process.faultapp.versions import NEW, OLD, VERSION_VARIABLE
from tests.support.factories import make_workflow
from tests.support.wait import wait_for
from tests.support.witness import Sighting, read_witness

TASKS = 3
STEPS = {
    OLD: ["Start", "First", "Second", "Third", "Done"],
    NEW: ["Start", "First", "Inserted", "Second", "Third", "Done"],
}


@pytest.mark.parametrize(("right", "other"), [(OLD, NEW), (NEW, OLD)], ids=["begun by the old", "begun by the new"])
def test_the_worker_with_the_right_version_runs_the_tasks_and_the_other_says_once_that_it_leaves_them(
    *, fork: Start, witness: Path, gates: Gates, fault_workflow: MakeFaultWorkflow, right: str, other: str
) -> None:
    held = fault_workflow("task_held")
    deployed = make_workflow(name="task_deployed", has_code=False)
    knowing = fork("worker", "--concurrency", "1", is_gated=True, **{VERSION_VARIABLE: right})
    ids = [start_process(deployed.name) for _ in range(TASKS)]
    in_the_middle = Task.objects.filter(pk__in=ids, status=TaskStatus.API_UNAVAILABLE)
    wait_for(lambda: in_the_middle.count() == TASKS, describe="tasks that stand in the middle")
    held_id = start_process(held.name)
    wait_for(lambda: Sighting(held_id, "Held", 1) in read_witness(witness), describe="a worker that is busy")

    strange = fork("worker", **{VERSION_VARIABLE: other})
    strange.wait_for_event("worker_started")
    for task_id in ids:
        resume_task(task_id=task_id, actor="a test")
    strange.wait_for_event("tasks_left_to_others")
    gates.open(1)
    unfinished = Task.objects.exclude(status=TaskStatus.COMPLETED)
    wait_for(lambda: not unfinished.exists(), describe="the end of all tasks")

    assert [worker.stop() for worker in (knowing, strange)] == [0, 0]
    for task in Task.objects.filter(pk__in=ids):
        passed = task.steps.exclude(status="failed").order_by("id")
        assert list(passed.values_list("name", flat=True)) == STEPS[right]
        assert knowing.worker_prefix in task.worker
        assert task.revision == 0
    [said] = strange.events("tasks_left_to_others")
    assert said["workflow"] == deployed.name
    assert not knowing.events("tasks_left_to_others")
