"""Waking others at a commit, through the database and inside of the process."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from orchestrator_site.common import wakeup
from orchestrator_site.common.database import is_postgresql
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, TASKS_ENQUEUED, Listener, notify
from tests.support.database import in_thread
from tests.support.factories import make_workflow
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

LONG_ENOUGH_TO_BE_WOKEN_SECONDS = 0.5

NOTIFY = """
import django
django.setup()
from django.db import transaction
from orchestrator_site.common.wakeup import notify
from workflows.models import Workflow
with transaction.atomic():
    Workflow.objects.create(name="task_of_another_process", target="SYSTEM", is_task=True)
    notify({channel!r})
    transaction.set_rollback({rollback!r})
"""


class Woken:
    """Counts wake-ups, channel by channel, and can be waited for."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._event = threading.Event()

    def listener(self, *channels: str) -> Listener:
        return Listener({channel: lambda channel=channel: self.wake(channel) for channel in channels})  # type: ignore[misc]

    def wake(self, channel: str) -> None:
        self.counts[channel] += 1
        self._event.set()

    def forget(self) -> None:
        self.counts.clear()
        self._event.clear()

    def waits(self, seconds: float) -> bool:
        return self._event.wait(seconds)


def commit_something() -> bool:
    make_workflow()
    return True


@contextmanager
def listening(*channels: str) -> Iterator[Woken]:
    """Listen in a thread; on entering the block it does listen."""
    woken = Woken()
    listener = woken.listener(*channels)
    listener.start()
    try:
        if is_postgresql():
            wait_for(lambda: woken.counts)  # it wakes everyone once it listens
        else:
            wait_for(lambda: commit_something() and woken.counts)  # it watches once it has seen a commit
        while woken.waits(3 * wakeup.WAL_LOOK_SECONDS):
            woken.forget()
        yield woken
    finally:
        listener.stop()


def notify_in_another_process(environment: dict[str, str], *, channel: str, rollback: bool = False) -> None:
    program = NOTIFY.format(channel=channel, rollback=rollback)
    settings = {**environment, "DJANGO_SETTINGS_MODULE": "orchestrator_site.settings", "ENV_FILE": ""}
    subprocess.run([sys.executable, "-c", program], env=settings, check=True, timeout=30)


class TestAnotherProcess:
    def test_its_commit_wakes_the_listener(self, child_environment: dict[str, str]) -> None:
        with listening(TASKS_ENQUEUED) as woken:
            notify_in_another_process(child_environment, channel=TASKS_ENQUEUED)
            assert woken.waits(10)

    def test_what_it_rolls_back_wakes_nobody(self, child_environment: dict[str, str]) -> None:
        with listening(TASKS_ENQUEUED) as woken:
            notify_in_another_process(child_environment, channel=TASKS_ENQUEUED, rollback=True)
            assert not woken.waits(LONG_ENOUGH_TO_BE_WOKEN_SECONDS)


class TestAnotherConnection:
    def test_a_commit_wakes_the_listener_and_not_before(self) -> None:
        has_notified, may_commit = threading.Event(), threading.Event()

        def write() -> None:
            with transaction.atomic():
                notify(TASKS_ENQUEUED)
                has_notified.set()
                assert may_commit.wait(10)

        with listening(TASKS_ENQUEUED) as woken, in_thread(write):
            assert has_notified.wait(10)
            assert not woken.waits(LONG_ENOUGH_TO_BE_WOKEN_SECONDS)
            may_commit.set()
            assert woken.waits(10)

    def test_a_rollback_wakes_nobody(self) -> None:
        def write() -> None:
            with transaction.atomic():
                make_workflow()
                notify(TASKS_ENQUEUED)
                transaction.set_rollback(True)

        with listening(TASKS_ENQUEUED) as woken:
            with in_thread(write):
                pass
            assert not woken.waits(LONG_ENOUGH_TO_BE_WOKEN_SECONDS)


class TestThisProcess:
    def test_whoever_listens_has_been_woken_when_the_commit_returns(self) -> None:
        with listening(TASKS_ENQUEUED) as woken:
            notify(TASKS_ENQUEUED)
            assert woken.counts[TASKS_ENQUEUED] >= 1

    def test_only_the_channel_that_was_notified_is_woken(self) -> None:
        with listening(TASKS_ENQUEUED, SCHEDULES_CHANGED) as woken:
            notify(SCHEDULES_CHANGED)
            if is_postgresql():  # SQLite's log tells of a commit, not of whom it concerns
                wait_for(lambda: woken.counts[SCHEDULES_CHANGED] == 2)  # in the process, and from the server
            assert woken.counts[TASKS_ENQUEUED] == 0

    def test_a_listener_that_was_stopped_is_not_called_any_more(self) -> None:
        with listening(TASKS_ENQUEUED) as woken:
            pass
        woken.forget()
        notify(TASKS_ENQUEUED)
        assert woken.counts == {}
        assert wakeup._in_process[TASKS_ENQUEUED] == []

    def test_a_listener_connects_again_after_its_connection_was_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if not is_postgresql():
            pytest.skip("SQLite is listened to without a connection")
        monkeypatch.setattr(wakeup, "RECONNECT_SECONDS", 0.01)
        with listening(TASKS_ENQUEUED) as woken, connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
            )
            assert woken.waits(10)  # it listens again, and wakes for what it may have missed
            woken.forget()
            cursor.execute("SELECT pg_notify(%s, '')", [TASKS_ENQUEUED])
            assert woken.waits(10)
