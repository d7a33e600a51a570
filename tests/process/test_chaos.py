"""Workers are killed at random, again and again, while steps of every kind run; `make chaos` does more of it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from orchestrator_site.common.clock import database_now
from tasks.models import ENDED, StepStatus, Task
from tasks.services import start_process
from tests.conftest import SUMMARY
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.asking import answer_all
from tests.process.faultapp.definitions import SECONDS_VARIABLE
from tests.process.faultapp.effects import read_effects
from tests.support.processes import Program
from tests.support.wait import wait_for
from tests.support.witness import Evidence, find_witnessed, reconcile

# Most are of the first; each has one atomic step.
WORKFLOWS = ("task_of_all_kinds", "task_of_all_kinds", "task_of_all_kinds", "task_given_up")
KILLS = {"postgresql": 40, "sqlite": 12}
WORKERS = {"postgresql": 3, "sqlite": 2}
TASKS_BETWEEN_KILLS = 3
MOST_STEPS_BETWEEN_KILLS = 40
STEP_SECONDS = 0.03
SETTLE_SECONDS = 60


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("effects")
def test_workers_that_are_killed_at_random_lose_and_repeat_nothing(
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
    fork: Start,
    witness: Path,
    fault_workflow: MakeFaultWorkflow,
) -> None:
    seed = pytestconfig.getoption("chaos_seed") or random.SystemRandom().randrange(1, 1_000_000)
    kills = pytestconfig.getoption("chaos_kills") or KILLS[connection.vendor]
    print(f"once more: --chaos-seed={seed} --chaos-kills={kills}")
    for name in sorted(set(WORKFLOWS)):
        fault_workflow(name, module="kinds")

    workers = kill_at_random(kills, fork, witness, chance=random.Random(seed))
    wait_for(lambda: has_none_left(witness), timeout=SETTLE_SECONDS, describe="the end of all tasks")
    assert {worker.stop() for worker in workers} == {0}
    evidence = reconcile(witness, until=database_now(), effects=read_effects())
    assert max(task.attempt for task in evidence.tasks) > 3, "no worker died with a task in its hands"
    record_property(SUMMARY, f"{connection.display_name}, seed {seed}: {kills} kills; {summarise(evidence)}")


def kill_at_random(kills: int, fork: Start, witness: Path, *, chance: random.Random) -> list[Program]:
    """Put tasks on the queue and kill workers, each after some more steps; return those that are left."""
    workers = [start_worker(fork) for _ in range(WORKERS[connection.vendor])]
    for _ in range(kills):
        for _ in range(TASKS_BETWEEN_KILLS):
            start_process(chance.choice(WORKFLOWS))
        wait_for_steps(chance.randint(1, MOST_STEPS_BETWEEN_KILLS), witness)
        victim = chance.randrange(len(workers))
        workers[victim].kill()
        workers[victim] = start_worker(fork)
    return workers


def start_worker(fork: Start) -> Program:
    return fork("worker", "--concurrency", "4", **{SECONDS_VARIABLE: str(STEP_SECONDS)})


def wait_for_steps(number: int, witness: Path) -> None:
    """Wait until so many more steps have run, or nothing is left to run."""
    enough = count_lines(witness) + number
    wait_for(
        lambda: has_none_left(witness) or count_lines(witness) >= enough, timeout=30, describe=f"{number} more steps"
    )


def count_lines(witness: Path) -> int:
    return witness.read_bytes().count(b"\n")


def has_none_left(witness: Path) -> bool:
    answer_all(witness)
    return not Task.objects.exclude(status__in=ENDED).exists()


def summarise(evidence: Evidence) -> str:
    """Say in one line what there was, and what became of it."""
    ended = sum(task.status in ENDED for task in evidence.tasks)
    steps = {key: step for key, step in find_witnessed(evidence).items() if step.status != StepStatus.SKIPPED}
    seen = {(sighting.task_id, sighting.step) for sighting in evidence.sightings}
    repeated = sum(each.attempt > steps[each.task_id, each.step].attempt for each in evidence.sightings)
    return (
        f"{len(evidence.tasks)} tasks = {ended} ended; {len(steps)} steps recorded = {len(seen)} by the witness; "
        f"recorded steps repeated {repeated}; atomic effects {len(evidence.effects)} = {len(evidence.tasks)} tasks; "
        f"lost {len(evidence.tasks) - ended}"
    )
