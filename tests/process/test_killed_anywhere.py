"""A worker is killed at every statement and commit of a task with each kind of step; the next one puts it right."""

import signal
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from django.db import connection

from orchestrator_site.common.clock import database_now
from tasks.models import ENDED, StepStatus, Task
from tasks.services import start_process
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.asking import answer_all
from tests.process.faultapp.effects import read_effects
from tests.support.processes import Program
from tests.support.wait import wait_for
from tests.support.witness import reconcile

# Workflows by the module that has them.
KINDS = {
    "definitions": ("task_three_steps",),
    "kinds": (
        "task_atomic",
        "task_retried",
        "task_asking",
        "task_conditional",
        "task_grouped",
        "task_calling",
        "task_called_back_at_once",
        "task_focused",
        "task_given_up",
    ),
}
# As many places as each record has at the least, so that a walk that ends too early is found out: before and after the
# one statement on PostgreSQL, and the two and the commit on SQLite.
RECORD_PLACES = {"postgresql": 2, "sqlite": 6}
ASKING = (StepStatus.SUSPEND, StepStatus.AWAITING_CALLBACK)
SETTLE_SECONDS = 30


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("effects")
def test_a_worker_killed_anywhere_in_any_kind_of_step_loses_and_repeats_nothing(
    fork: Start, witness: Path, fault_workflow: MakeFaultWorkflow
) -> None:
    places = 0
    for module, names in KINDS.items():
        for name in names:
            fault_workflow(name, module=module)
            places += kill_everywhere(name, fork, witness)
    open_tasks = Task.objects.exclude(status__in=ENDED)
    assert open_tasks.count() > places / 2, "what was killed had ended nearly always"

    rescuer = fork("worker")
    wait_for(lambda: has_none_left(witness), timeout=SETTLE_SECONDS, describe="the end of all tasks")
    assert rescuer.stop() == 0
    evidence = reconcile(witness, until=database_now(), effects=read_effects())
    assert len(evidence.tasks) == places + sum(map(len, KINDS.values()))
    asked = Counter((step.task_id, step.name) for step in evidence.steps if step.status in ASKING)
    assert set(asked.values()) == {1}, "an answer was lost, or a question"


def kill_everywhere(name: str, fork: Start, witness: Path) -> int:
    """Start a task for each place, and a worker that is killed there; return how many places there are."""
    for number in count():
        task = Task.objects.get(pk=start_process(name))
        victim = fork("worker", "--concurrency", "1", failpoint=number)
        if not is_killed(victim, task, witness):
            task.refresh_from_db()
            assert number >= RECORD_PLACES[connection.vendor] * task.steps.count(), f"{number} places in {name}"
            return number
    raise AssertionError("count() has no end")


def is_killed(victim: Program, task: Task, witness: Path) -> bool:
    """Wait until the failpoint has killed a worker, or its task has come to its end."""

    def is_over() -> bool:
        answer_all(witness, task_ids={task.pk})
        return victim.process.poll() is not None or Task.objects.filter(pk=task.pk, status__in=ENDED).exists()

    wait_for(is_over, describe=f"the death of a worker, or the end of its task: {victim.log}")
    code = victim.stop()
    assert code in {0, -signal.SIGKILL}, victim.log.read_text()
    return code != 0


def has_none_left(witness: Path) -> bool:
    answer_all(witness)
    return not Task.objects.exclude(status__in=ENDED).exists()
