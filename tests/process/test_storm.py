"""For a minute nothing stays as it is, and every planned instant is accounted for; `make chaos` goes on for longer.

Schedulers and workers are killed and frozen, two machines have wrong clocks, the database goes away, and somebody
creates, edits, pauses and deletes schedules meanwhile. What was planned is computed from that history alone.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from orchestrator_site.common.clock import database_now
from schedules.models import SchedulerOutage
from tests.conftest import SUMMARY
from tests.integration.api.support import make_client, make_user
from tests.postgres import Server
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.process.faultapp.definitions import SECONDS_VARIABLE
from tests.process.load import wait_until, wait_until_all_has_ended
from tests.process.operating import Operator
from tests.process.storm import Storm
from tests.support.processes import Program
from tests.support.reckoning import reckon
from tests.support.witness import gather_evidence

SCHEDULES = 500
CLOCK_OFFSETS = (0, 30, -30)
WORKERS = 2
STEP_SECONDS = 0.04
OUTAGE_SECONDS = 5
OUTAGE_AT = (0.3, 0.6)
# The operator ends a little earlier: a new rule has to have an instant before the end.
LAST_EDIT_SECONDS = 3
COMMANDS = {"worker": ("worker",), "scheduler": ("scheduler", "run", "--no-worker")}

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="an installation on SQLite has one scheduler")


@pytest.fixture
def start(fork_on_server: Start) -> Callable[[str, float], Program]:
    """Return what starts a process of a role on a machine whose clock is wrong by so many seconds."""
    environment = {SECONDS_VARIABLE: str(STEP_SECONDS)}
    return lambda role, offset: fork_on_server(*COMMANDS[role], clock_offset_seconds=offset, **environment)


@pytest.mark.timeout(3600)
def test_every_planned_instant_is_accounted_for(
    *,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
    server: Server,
    start: Callable[[str, float], Program],
    fault_workflow: MakeFaultWorkflow,
    witness: Path,
) -> None:
    seconds = pytestconfig.getoption("chaos_seconds")
    seed = pytestconfig.getoption("chaos_seed") or random.SystemRandom().randrange(1, 1_000_000)
    print(f"once more: --chaos-seed={seed} --chaos-seconds={seconds:g}")
    storm = gather_storm(start, chance=random.Random(seed))
    ends_at = database_now() + timedelta(seconds=seconds)
    operator = Operator(
        make_client(make_user(username="root", is_superuser=True)),
        workflow=fault_workflow("task_three_steps"),
        ends_at=ends_at,
        chance=random.Random(seed + 1),
    )
    operator.create_many(SCHEDULES)
    last_edit_at = ends_at - timedelta(seconds=LAST_EDIT_SECONDS)
    with operator.working():
        storm.rage(seconds_until(last_edit_at) * random.Random(seed + 2).uniform(*OUTAGE_AT))
        stopped_at = take_away(server, storm, operator)
        storm.rage(seconds_until(last_edit_at))
        storm.thaw_all()
    operator.resume_all()
    wait_until(ends_at)
    with suppress(AssertionError):  # the reckoning says what has not
        wait_until_all_has_ended()
    assert set(storm.stop()) == {0}

    outages = list(SchedulerOutage.objects.filter(started_at__gt=ends_at - timedelta(seconds=seconds)))
    assert all(each.started_at < stopped_at < each.ended_at for each in outages), "a scheduler was alive all the time"
    evidence = gather_evidence(witness)
    reckoning = reckon(operator.histories, evidence, outages)
    print(reckoning.table(), say(storm.done), say(operator.done), sep="\n")
    assert reckoning.is_right(), reckoning.report()
    assert max(task.attempt for task in evidence.tasks) > 1, "no worker was hit with a task in its hands"
    assert {"worker killed", "worker frozen", "scheduler killed", "scheduler frozen"} <= storm.done.keys()
    assert {"edited", "paused", "resumed", "deleted"} <= operator.done.keys()
    record_property(SUMMARY, f"{seconds:g} s of chaos, seed {seed}: {say(storm.done + operator.done)}")
    record_property(SUMMARY, reckoning.table())
    record_property(SUMMARY, reckoning.line())


def gather_storm(start: Callable[[str, float], Program], *, chance: random.Random) -> Storm:
    """Start all schedulers and workers, and wait until they run."""
    storm = Storm(start, chance=chance)
    for offset in CLOCK_OFFSETS:
        storm.add("scheduler", clock_offset_seconds=offset)
    for _ in range(WORKERS):
        storm.add("worker")
    storm.wait_until_all_run()
    return storm


def say(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def seconds_until(moment: datetime) -> float:
    return (moment - database_now()).total_seconds()


def take_away(server: Server, storm: Storm, operator: Operator) -> datetime:
    """Stop the database for a while, between two requests of the operator; return when it was stopped."""
    storm.thaw_all()  # its request may wait for one of them
    with operator.idle():
        stopped_at = database_now()
        connection.close()
        server.stop()
        storm.rage(OUTAGE_SECONDS)
        server.start()
    return stopped_at
