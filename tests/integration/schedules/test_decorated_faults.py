"""Functions scheduled in code that are declared wrongly, or do what they should not: each harms itself at most."""

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from django.db import connection, transaction
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.errors import InvalidValue
from schedules.decorated.jobstore import ALIAS, DecoratorJobStore
from schedules.decorated.registry import DECORATED, DuplicateFunction
from schedules.decorated.rows import claim_due, store_function
from schedules.force import force_function
from schedules.initial import INITIAL_SCHEDULES, all_initial_schedules
from schedules.loading import load_decorated_functions
from schedules.scheduler import scheduler

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


def started_store(*, now: datetime) -> DecoratorJobStore:
    store = DecoratorJobStore(clock=lambda: now)
    store.start(BackgroundScheduler(), ALIAS)
    return store


def schedule(function_id: str, body: Callable[[], object] = lambda: None) -> None:
    """Schedule a function every hour, its row stored at NOW."""
    scheduler.scheduled_job("interval", hours=1, id=function_id)(body)
    store_function(DECORATED[function_id], now=NOW)


def run_in_one_thread(*function_ids: str) -> None:
    """Run what is due at NOW + 1 h one after the other, as a thread of the scheduler's pool does."""
    jobs = {job.id: job for job in started_store(now=NOW + HOUR).get_due_jobs(NOW)}

    def run() -> None:
        for function_id in function_ids:
            jobs[function_id].func()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ({"id": "x" * 256}, "'id' of the scheduled"),
        ({"id": ""}, "'id' of the scheduled"),
        ({"id": "a\0b"}, "give text of 1 to 255 characters"),
        ({"id": "a\ud800"}, "give text of 1 to 255 characters"),
        ({"id": 5}, "is 5: give text of 1 to 255 characters"),
        ({"name": ""}, "'name' of the scheduled"),
        ({"max_instances": 0}, "is 0: give a whole number from 1"),
        ({"max_instances": "2"}, "is '2': give a whole number from 1"),
        ({"misfire_grace_time": 0}, "is 0: give a number of seconds above 0, or None"),
        ({"misfire_grace_time": timedelta(hours=1)}, "give a number of seconds above 0, or None"),
    ],
)
def test_an_argument_that_would_fail_when_it_is_due_is_refused_at_once(arguments: Any, phrase: str) -> None:
    with pytest.raises(InvalidValue, match=phrase):
        scheduler.scheduled_job("interval", hours=1, **arguments)(lambda: None)
    assert DECORATED == {}


def test_an_id_may_be_as_long_as_the_column() -> None:
    scheduler.scheduled_job("interval", hours=1, id="x" * 255)(lambda: None)
    assert list(DECORATED) == ["x" * 255]


def test_functions_of_one_name_and_no_id_do_not_replace_one_another() -> None:
    decorate = scheduler.scheduled_job("interval", hours=1)
    decorate(lambda: "first")
    with pytest.raises(DuplicateFunction, match="another id"):
        decorate(lambda: "second")

    def make(number: int) -> Callable[[], int]:
        return lambda: number

    made = [make(1), make(2)]
    decorate(made[0])
    decorate(made[0])
    with pytest.raises(DuplicateFunction):
        decorate(made[1])


def test_a_module_that_is_executed_again_schedules_its_functions_anew() -> None:
    source = "@scheduler.scheduled_job('interval', hours=1)\ndef sync(): pass"
    for _ in range(2):
        exec(compile(source, "nightapp/schedules.py", "exec"), {"scheduler": scheduler, "__name__": "nightapp"})
    assert list(DECORATED) == ["nightapp:sync"]


def test_an_async_function_is_refused_since_calling_it_runs_nothing() -> None:
    async def synchronise() -> None: ...

    with pytest.raises(InvalidValue, match="give a plain function"):
        scheduler.scheduled_job("interval", hours=1, id="sync")(synchronise)


@pytest.mark.django_db
def test_a_function_that_cannot_be_claimed_stops_no_other_one() -> None:
    for function_id in ("a", "b", "c"):
        schedule(function_id)
    store = started_store(now=NOW + HOUR)

    def fail_the_first(function: Any, row: Any, **kwargs: Any) -> Any:
        if function.id == "a":
            raise ValueError("its row holds nonsense")
        return claim_due(function, row, **kwargs)

    with (
        mock.patch("schedules.decorated.jobstore.claim_due", fail_the_first),
        structlog.testing.capture_logs() as logs,
    ):
        assert sorted(job.id for job in store.get_due_jobs(NOW)) == ["b", "c"]
        with pytest.raises(ValueError, match="nonsense"):  # so that APScheduler waits before it asks again
            store.get_due_jobs(NOW)
    failed = [entry["job_id"] for entry in logs if entry["event"] == "decorated_claim_failed"]
    assert failed == ["a", "a"]


def begin_a_transaction() -> None:
    transaction.atomic().__enter__()
    DjangoJob.objects.create(id="left open", job_state=b"")


def switch_autocommit_off() -> None:
    transaction.set_autocommit(False)
    DjangoJob.objects.create(id="left open", job_state=b"")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave_open", [begin_a_transaction, switch_autocommit_off])
def test_a_transaction_left_open_is_rolled_back_told_and_harms_no_other_function(leave_open: Any) -> None:
    calls = []
    schedule("careless", leave_open)
    schedule("sync", lambda: calls.append(DjangoJob.objects.count()))
    run_in_one_thread("careless", "sync")
    ends = {each.job_id: (each.status, each.exception) for each in DjangoJobExecution.objects.all()}
    status, exception = ends["careless"]
    assert status == DjangoJobExecution.ERROR
    assert exception.startswith("TransactionLeftOpen: a transaction was left open")
    assert ends["sync"] == (DjangoJobExecution.SUCCESS, None)
    assert calls == [2]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="no network lies between a process and a file")
@pytest.mark.django_db(transaction=True)
def test_the_end_is_written_although_the_connection_was_lost_meanwhile() -> None:
    def lose_the_connection() -> None:
        DjangoJob.objects.count()
        connection.connection.close()
        DjangoJob.objects.count()

    schedule("sync", lose_the_connection)
    run_in_one_thread("sync")
    assert DjangoJobExecution.objects.get().status == DjangoJobExecution.ERROR


@pytest.mark.django_db
def test_forcing_a_function_whose_rule_is_newer_than_the_schedulers_moves_nothing() -> None:
    schedule("sync")
    before = DjangoJob.objects.values().get()
    DECORATED.clear()  # as in a process that has the next release of the code
    scheduler.scheduled_job("interval", minutes=5, id="sync")(lambda: None)
    assert force_function(DECORATED["sync"]) == ""
    assert DjangoJob.objects.values().get() == before


@pytest.mark.parametrize("error", [ImportError("nothing of this name"), SystemExit("set NSO_URL")])
def test_a_module_that_fails_when_it_is_imported_keeps_no_other_one_from_being_loaded(
    error: Any, settings: Any
) -> None:
    def import_modules(apps: Iterable[str], name: str) -> list[ModuleType]:
        if "brokenapp" in apps:
            raise error
        return [SimpleNamespace(__name__=f"nightapp.{name}", INITIAL_SCHEDULES=["theirs"])]  # type: ignore[list-item]

    settings.EXTRA_APPS = ("brokenapp", "nightapp")
    with (
        mock.patch("schedules.loading.import_app_modules", import_modules),
        mock.patch("schedules.initial.import_app_modules", import_modules),
        structlog.testing.capture_logs() as logs,
    ):
        load_decorated_functions()
        initial = all_initial_schedules()
        assert [next(initial) for _ in range(len(INITIAL_SCHEDULES) + 1)] == [*INITIAL_SCHEDULES, "theirs"]
        with pytest.raises(type(error)):  # the caller is to hear of it
            next(initial)
    assert [(entry["event"], entry["module"]) for entry in logs] == [("schedule_module_failed", "brokenapp.schedules")]
