"""Functions that are scheduled in code run at most once per instant, whoever dies."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from django.db import connection
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from schedules.decorated.jobstore import ALIAS, DecoratorJobStore
from schedules.decorated.registry import DECORATED
from schedules.decorated.rows import log_leftovers, store_function
from schedules.scheduler import scheduler
from tests.process.conftest import Start
from tests.process.faultapp.gate import Gates
from tests.process.faultapp.schedules import FILE_VARIABLE, FUNCTION_ID
from tests.support.failpoints import walk_failpoints
from tests.support.wait import wait_for

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNS = 4
LEAST_PLACES = 20


@pytest.fixture(autouse=True)
def _empty_registry(transactional_db: None) -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return the file to which the function testifies."""
    path = tmp_path / "runs"
    path.touch()
    return path


def run_what_is_due() -> None:
    store = DecoratorJobStore(clock=lambda: NOW + HOUR)
    store.start(BackgroundScheduler(), ALIAS)
    for job in store.get_due_jobs(NOW + HOUR):
        job.func()


def test_a_scheduler_killed_anywhere_runs_an_instant_at_most_once_and_the_log_says_what_became_of_it(
    runs: Path,
) -> None:
    @scheduler.scheduled_job("interval", id=FUNCTION_ID, hours=1)
    def testify() -> None:
        with runs.open("a") as file:
            file.write("ran\n")

    outcomes = set()

    def prepare() -> None:
        runs.write_text("")
        DjangoJob.objects.all().delete()
        store_function(DECORATED[FUNCTION_ID], now=NOW)

    def recover() -> None:
        run_what_is_due()
        [execution] = DjangoJobExecution.objects.all()
        assert execution.run_time == NOW + HOUR
        assert DjangoJob.objects.get().next_run_time == NOW + 2 * HOUR
        count = runs.read_text().count("ran")
        outcomes.add((execution.status, count))
        with structlog.testing.capture_logs() as logs:
            log_leftovers([FUNCTION_ID])
        is_told = [entry["event"] for entry in logs] == ["decorated_run_has_no_end"]
        assert is_told == (execution.status == DjangoJobExecution.SENT)

    places = walk_failpoints(run_what_is_due, prepare=prepare, recover=recover)
    assert places >= LEAST_PLACES
    # Killed before the claim, it runs afterwards; between claim and run, never; behind the run, its end is not logged.
    assert outcomes == {("Executed", 1), ("Started execution", 0), ("Started execution", 1)}


@pytest.mark.skipif(connection.vendor == "sqlite", reason="an installation on SQLite has one scheduler")
@pytest.mark.timeout(120)
def test_two_schedulers_run_each_instant_once_and_one_goes_on_when_the_other_is_killed(
    start: Start, runs: Path
) -> None:
    environment = {FILE_VARIABLE: runs}
    schedulers = [start("scheduler", "run", "--no-worker", **environment) for _ in range(2)]
    for each in schedulers:
        each.wait_for_event("scheduler_running")

    def count_runs() -> int:
        return len(runs.read_text().splitlines())

    wait_for(lambda: count_runs() >= RUNS, timeout=60, describe="runs by two schedulers")
    busiest, survivor = sorted(schedulers, key=lambda each: -len(each.events("decorated_function_claimed")))
    busiest.kill()
    before = count_runs()
    wait_for(lambda: count_runs() >= before + RUNS, timeout=60, describe="runs by the one that is left")
    assert survivor.stop() == 0

    executions = list(DjangoJobExecution.objects.order_by("run_time"))
    unfinished = [each for each in executions if each.status == DjangoJobExecution.SENT]
    assert len(unfinished) <= 1, "only the killed one can have left a run without an end"
    assert len(executions) - len(unfinished) <= count_runs() <= len(executions)
    gaps = {later.run_time - earlier.run_time for earlier, later in pairwise(executions)}
    assert gaps <= {timedelta(seconds=1), timedelta(seconds=2)}, "an instant may be coalesced, on a busy machine"


@pytest.mark.timeout(120)
def test_one_that_is_killed_in_a_run_does_not_repeat_it_and_the_next_start_says_so(
    start: Start, runs: Path, gates: Gates
) -> None:
    gates.open("loading")
    first = start("scheduler", "run", "--no-worker", is_gated=True, **{FILE_VARIABLE: runs})
    wait_for(runs.read_text, timeout=60, describe="a run in the middle")
    first.kill()
    [cut_off] = DjangoJobExecution.objects.filter(status=DjangoJobExecution.SENT)
    second = start("scheduler", "run", "--no-worker", **{FILE_VARIABLE: runs})
    second.wait_for_event("decorated_run_has_no_end")
    second.wait_for_event("decorated_function_ended")
    assert second.stop() == 0
    [told] = second.events("decorated_run_has_no_end")
    assert datetime.fromisoformat(told["scheduled_for"]) == cut_off.run_time
    ended = DjangoJobExecution.objects.filter(status=DjangoJobExecution.SUCCESS)
    assert ended.count() == len(runs.read_text().splitlines()) - 1
    assert not ended.filter(run_time__lte=cut_off.run_time).exists()


def test_a_stop_waits_for_the_function_that_runs(start: Start, runs: Path, gates: Gates) -> None:
    gates.open("loading")
    program = start("scheduler", "run", "--no-worker", is_gated=True, **{FILE_VARIABLE: runs})
    wait_for(runs.read_text, timeout=30, describe="a run in the middle")
    program.send(signal.SIGTERM)
    program.wait_for_event("scheduler_stopping")
    gates.open("function")
    assert program.wait() == 0
    assert DjangoJobExecution.objects.filter(status=DjangoJobExecution.SUCCESS).exists()
    assert not DjangoJobExecution.objects.filter(status=DjangoJobExecution.SENT).exists()
