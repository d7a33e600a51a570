"""Functions that are scheduled in code: their rows, their claims, their log."""

import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from schedules.decorated.executions import delete_old_executions
from schedules.decorated.jobstore import ALIAS, DecoratorJobStore
from schedules.decorated.registry import DECORATED
from schedules.decorated.rows import ShownFunction, claim_due, list_functions, store_function
from schedules.scheduler import scheduler

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def decorate(calls: list[str]) -> Callable[..., None]:
    """Return what schedules a function that notes its calls; by default every hour."""

    def register(function_id: str = "sync", *, trigger: str = "interval", body: Any = None, **arguments: Any) -> None:
        def function() -> None:
            calls.append(function_id)
            if body is not None:
                body()

        DECORATED.pop(function_id, None)  # as after a restart
        arguments = arguments or {"hours": 1}
        scheduler.scheduled_job(trigger=trigger, id=function_id, name=function_id.title(), **arguments)(function)

    return register


def started_store(now: datetime) -> DecoratorJobStore:
    """Return the store of a scheduler that has just started, at that time."""
    store = DecoratorJobStore(clock=lambda: now)
    store.start(BackgroundScheduler(), ALIAS)
    return store


def run_due(now: datetime, store: DecoratorJobStore | None = None) -> list[str]:
    """Do what APScheduler does at that time with a store, by default that of a fresh scheduler; return what ran."""
    jobs = (store or started_store(now)).get_due_jobs(now)
    with mock.patch("schedules.decorated.jobstore.drop_connections"):  # the test's transaction is on it
        for job in jobs:
            for _ in job._get_run_times(now):
                job.func()
    return [job.id for job in jobs]


def next_run_of(function_id: str) -> datetime | None:
    moment: datetime | None = DjangoJob.objects.get(pk=function_id).next_run_time
    return moment


def executions() -> list[tuple[str, datetime, str]]:
    rows = DjangoJobExecution.objects.order_by("id").values_list("job_id", "run_time", "status")
    return [(row[0], row[1], row[2]) for row in rows]


def test_a_function_runs_at_its_instants_and_each_run_is_logged(decorate: Any, calls: list[str]) -> None:
    decorate()
    assert run_due(NOW) == []
    assert next_run_of("sync") == NOW + HOUR
    assert run_due(NOW + HOUR) == ["sync"]
    assert run_due(NOW + HOUR) == []
    assert run_due(NOW + 2 * HOUR) == ["sync"]
    assert calls == ["sync", "sync"]
    assert executions() == [("sync", NOW + HOUR, "Executed"), ("sync", NOW + 2 * HOUR, "Executed")]


def test_a_function_that_raises_is_logged_with_its_traceback_and_runs_again(decorate: Any) -> None:
    def fail() -> None:
        raise ValueError("x" * 5_000)

    decorate(body=fail)
    run_due(NOW)
    with structlog.testing.capture_logs() as logs:
        run_due(NOW + HOUR)
    execution = DjangoJobExecution.objects.get()
    assert execution.status == "Error!"
    assert execution.exception.startswith("ValueError: xxx")
    assert len(execution.exception) == 1_000
    assert "in fail" in execution.traceback
    assert "decorated_function_failed" in [entry["event"] for entry in logs]
    assert run_due(NOW + 2 * HOUR) == ["sync"]


def test_a_function_that_ends_its_process_ends_its_run_only(decorate: Any) -> None:
    def leave() -> None:
        raise SystemExit(3)

    decorate(body=leave)
    run_due(NOW)
    run_due(NOW + HOUR)
    assert DjangoJobExecution.objects.get().exception == "SystemExit: 3"


def test_a_restart_moves_nothing(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    decorate()
    assert run_due(NOW + timedelta(minutes=59)) == []
    assert next_run_of("sync") == NOW + HOUR
    decorate()
    assert run_due(NOW + timedelta(minutes=90)) == ["sync"]
    assert next_run_of("sync") == NOW + 2 * HOUR  # on the grid that it had from the beginning
    assert executions() == [("sync", NOW + HOUR, "Executed")]


def test_a_new_name_changes_what_is_shown_and_not_when_it_runs(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    DECORATED.clear()
    scheduler.scheduled_job("interval", hours=1, id="sync", name="Renamed")(lambda: None)
    run_due(NOW + timedelta(minutes=30))
    [shown] = list_functions(now=NOW)
    assert (shown.name, shown.next_run_at) == ("Renamed", NOW + HOUR)


def test_a_changed_trigger_counts_from_the_restart(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    decorate(minutes=10)
    assert run_due(NOW + 3 * HOUR) == []
    assert next_run_of("sync") == NOW + 3 * HOUR + timedelta(minutes=10)


def test_after_a_downtime_the_latest_instant_runs_once(decorate: Any, calls: list[str]) -> None:
    decorate()
    run_due(NOW)
    assert run_due(NOW + 5.5 * HOUR) == ["sync"]
    assert calls == ["sync"]
    assert executions() == [("sync", NOW + 5 * HOUR, "Executed")]
    assert next_run_of("sync") == NOW + 6 * HOUR


def test_what_is_later_than_its_grace_is_logged_as_missed_and_not_run(decorate: Any, calls: list[str]) -> None:
    decorate(hours=1, misfire_grace_time=60)
    run_due(NOW)
    with structlog.testing.capture_logs() as logs:
        assert run_due(NOW + HOUR + timedelta(seconds=61)) == []
    assert calls == []
    assert executions() == [("sync", NOW + HOUR, "Missed!")]
    assert "decorated_function_missed" in [entry["event"] for entry in logs]
    assert run_due(NOW + 2 * HOUR + timedelta(seconds=60)) == ["sync"]


def test_without_a_limit_a_function_runs_however_late(decorate: Any) -> None:
    decorate(trigger="date", run_date="2027-03-01T13:00:00Z", misfire_grace_time=None)
    run_due(NOW)
    assert run_due(NOW + 400 * DAY) == ["sync"]


def test_a_date_runs_once_and_not_again_after_a_restart(decorate: Any, calls: list[str]) -> None:
    arguments = {"trigger": "date", "run_date": "2027-03-01T13:00:00Z"}
    for moment in (NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + DAY):
        decorate(**arguments)
        run_due(moment)
    assert calls == ["sync"]
    assert next_run_of("sync") is None
    [shown] = list_functions(now=NOW)
    assert (shown.next_run_at, shown.problem) == (None, "")


def test_of_two_schedulers_one_runs_an_instant(decorate: Any, calls: list[str]) -> None:
    decorate()
    first, second = started_store(NOW), started_store(NOW)
    run_due(NOW, first)
    run_due(NOW, second)
    late = NOW + HOUR
    for store in (first, second):
        store._clock = lambda: late
    row = DjangoJob.objects.get()
    assert run_due(late, first) == ["sync"]
    assert run_due(late, second) == []
    # The second one had read the row before the first one moved it on.
    with structlog.testing.capture_logs() as logs:
        assert claim_due(DECORATED["sync"], row, now=late) is None
    assert [entry["event"] for entry in logs] == ["decorated_claim_lost"]
    assert calls == ["sync"]


def test_two_schedulers_that_start_at_once_store_a_function_once(decorate: Any) -> None:
    decorate()
    with mock.patch.object(DjangoJob.objects, "select_for_update", return_value=DjangoJob.objects.none()):
        store_function(DECORATED["sync"], now=NOW)
        store_function(DECORATED["sync"], now=NOW + HOUR)
    assert next_run_of("sync") == NOW + HOUR


def test_an_instant_that_is_in_the_log_never_runs_again(decorate: Any, calls: list[str]) -> None:
    decorate()
    run_due(NOW)
    run_due(NOW + HOUR)
    DjangoJob.objects.update(next_run_time=NOW + HOUR)  # as after a restored backup
    with structlog.testing.capture_logs() as logs:
        assert run_due(NOW + HOUR) == []
    assert "decorated_instant_has_run" in [entry["event"] for entry in logs]
    assert calls == ["sync"]
    assert next_run_of("sync") == NOW + 2 * HOUR


def test_a_claim_that_was_never_run_is_told_at_the_next_start_and_stays_in_the_log(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    started_store(NOW + HOUR).get_due_jobs(NOW + HOUR)  # and dies
    with structlog.testing.capture_logs() as logs:
        assert run_due(NOW + HOUR) == []
    [told] = [entry for entry in logs if entry["event"] == "decorated_run_has_no_end"]
    assert (told["job_id"], told["scheduled_for"]) == ("sync", "2027-03-01T13:00:00+00:00")
    assert executions() == [("sync", NOW + HOUR, "Started execution")]


def test_a_row_whose_function_is_gone_stays_is_shown_and_stops_nothing(decorate: Any, calls: list[str]) -> None:
    decorate("gone")
    decorate("sync")
    run_due(NOW)
    del DECORATED["gone"]
    with structlog.testing.capture_logs() as logs:
        assert run_due(NOW + HOUR) == ["sync"]
    assert {"event": "decorated_function_has_no_code", "job_id": "gone", "log_level": "warning"} in logs
    assert calls == ["sync"]
    shown = {each.id: each for each in list_functions(now=NOW)}
    assert shown["gone"] == ShownFunction(
        id="gone",
        name="Gone",
        trigger="interval[1:00:00]",
        timezone="UTC",
        next_run_at=NOW + HOUR,
        problem=f"no code: {__name__}:decorate.<locals>.register.<locals>.function is not scheduled any more",
        summary="Every hour",
    )


class Explosive:
    """Ends the test when somebody unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a stored job was unpickled",)


@pytest.mark.parametrize(
    "state",
    [pickle.dumps(Explosive()), b"", b"null", b"{}", b'{"name": 1, "rule": 2}', b'{"rule": {}}', b"\xff\xfe"],
)
def test_a_row_that_something_else_wrote_stays_is_shown_and_stops_nothing(decorate: Any, state: bytes) -> None:
    DjangoJob.objects.create(id="stock", next_run_time=NOW, job_state=state)
    decorate("sync")
    run_due(NOW)
    assert run_due(NOW + HOUR) == ["sync"]
    row = DjangoJob.objects.get(pk="stock")
    assert (row.next_run_time, bytes(row.job_state)) == (NOW, state)
    [shown] = [each for each in list_functions(now=NOW) if each.id == "stock"]
    assert (shown.trigger, shown.problem) == ("unreadable", "written by something else")


def test_a_function_takes_over_the_row_that_the_stock_job_store_left_under_its_id(decorate: Any) -> None:
    DjangoJob.objects.create(id="sync", next_run_time=NOW - DAY, job_state=pickle.dumps(Explosive()))
    decorate()
    assert run_due(NOW) == []
    assert next_run_of("sync") == NOW + HOUR


def test_a_row_that_becomes_unreadable_under_a_running_scheduler_is_written_anew(decorate: Any) -> None:
    decorate()
    store = started_store(NOW)
    run_due(NOW, store)
    DjangoJob.objects.update(job_state=b"?")
    store._clock = lambda: NOW + HOUR
    assert run_due(NOW + HOUR, store) == []
    assert next_run_of("sync") == NOW + 2 * HOUR


def test_a_rule_that_cannot_be_built_any_more_stops_its_function_only(decorate: Any, calls: list[str]) -> None:
    decorate("broken", hours=1)
    decorate("sync")
    store = started_store(NOW)
    run_due(NOW, store)
    state = DjangoJob.objects.get(pk="broken").job_state
    DjangoJob.objects.filter(pk="broken").update(job_state=bytes(state).replace(b'"hours"', b'"houres"'))
    store._clock = lambda: NOW + HOUR
    assert run_due(NOW + HOUR, store) == ["sync"]
    assert next_run_of("broken") is None
    [shown] = [each for each in list_functions(now=NOW) if each.id == "broken"]
    assert "unknown argument 'houres'" in shown.problem


def test_what_is_claimed_runs_although_the_claim_after_it_fails(decorate: Any, calls: list[str]) -> None:
    decorate("first")
    decorate("second", minutes=61)
    store = started_store(NOW)
    run_due(NOW, store)
    store._clock = lambda: NOW + 2 * HOUR

    def fail_second(function: Any, row: Any, **kwargs: Any) -> Any:
        if function.id == "second":
            raise ConnectionError("the database is away")
        return claim_due(function, row, **kwargs)

    with (
        mock.patch("schedules.decorated.jobstore.claim_due", fail_second),
        mock.patch("schedules.decorated.jobstore.connection.close"),
    ):
        assert run_due(NOW + 2 * HOUR, store) == ["first"]
        with pytest.raises(ConnectionError):
            run_due(NOW + 2 * HOUR, store)
    assert calls == ["first"]
    assert run_due(NOW + 2 * HOUR, store) == ["second"]


def test_an_instant_is_run_although_this_machine_s_clock_is_behind(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    [job] = started_store(NOW + HOUR).get_due_jobs(NOW)
    assert job._get_run_times(NOW) == [NOW + HOUR]
    assert job.trigger.get_next_fire_time(NOW + HOUR, NOW)  # else APScheduler would remove the job


@pytest.mark.parametrize("behind", [timedelta(0), DAY, -DAY], ids=["right", "behind", "ahead"])
def test_the_next_look_is_when_the_next_function_of_this_process_is_due(decorate: Any, behind: timedelta) -> None:
    database_time = datetime.now(UTC) + behind
    DjangoJob.objects.create(id="stock", next_run_time=database_time, job_state=b"")
    decorate("later", hours=2)
    decorate("sooner", hours=1)
    decorate("over", trigger="date", run_date="2020-01-01")
    store = started_store(database_time)
    store.get_due_jobs(NOW)
    looks_at = store.get_next_run_time()
    assert looks_at is not None
    assert timedelta(minutes=59) < looks_at - datetime.now(UTC) < timedelta(minutes=61)


def test_a_scheduler_without_functions_asks_the_database_nothing(django_assert_num_queries: Any) -> None:
    DjangoJob.objects.create(id="stock", next_run_time=NOW, job_state=b"")
    store = started_store(NOW)
    with django_assert_num_queries(0):
        assert store.get_due_jobs(NOW) == []
        assert store.get_next_run_time() is None


def test_a_run_that_is_refused_because_the_last_one_goes_on_is_logged(decorate: Any) -> None:
    decorate()
    run_due(NOW)
    store = started_store(NOW + HOUR)
    store.get_due_jobs(NOW + HOUR)
    refusal = JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "sync", "default", [NOW + HOUR])
    store._scheduler._dispatch_event(refusal)  # one of another store
    assert executions() == [("sync", NOW + HOUR, "Started execution")]
    refusal.jobstore = ALIAS
    store._scheduler._dispatch_event(refusal)
    assert executions() == [("sync", NOW + HOUR, "Max instances!")]


def test_jobs_are_neither_added_nor_removed_by_apscheduler(decorate: Any) -> None:
    store = started_store(NOW)
    for refused in (store.add_job, lambda job: store.remove_job(job.id), lambda _: store.remove_all_jobs()):
        with pytest.raises(TypeError, match="decorat"):
            refused(mock.Mock(id="sync"))
    assert store.get_all_jobs() == []


def test_a_function_that_no_scheduler_has_seen_is_shown_as_it_will_be(decorate: Any) -> None:
    decorate()
    [shown] = list_functions(now=NOW)
    assert (shown.next_run_at, shown.problem) == (NOW + HOUR, "not stored yet")
    assert not DjangoJob.objects.exists()


def test_old_executions_are_deleted_and_their_functions_stay(decorate: Any) -> None:
    decorate()
    for hour in range(4):
        run_due(NOW + hour * HOUR)
    assert delete_old_executions(run_before=NOW + 2 * HOUR) == 1
    assert [moment for _, moment, _ in executions()] == [NOW + 2 * HOUR, NOW + 3 * HOUR]
    assert DjangoJob.objects.count() == 1
