"""Writing down which release is in use: one row for each that takes the place of another one, whoever starts when."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import structlog
from django.db import DatabaseError, connections

from orchestrator_site.common.clock import DatabaseClock, database_now
from schedules.decorated.knowledge import know_functions
from schedules.decorated.registry import DECORATED, DecoratedFunction
from schedules.decorated.rules import Rule
from schedules.heartbeat import Activity, Heartbeat
from schedules.liveness import Pulse
from tasks.worker import Worker
from tests.support.database import in_thread, recorded_statements
from tests.support.factories import NOW, SECOND, make_step, register_code
from tests.support.wait import wait_for
from workflows.models import Release, ReleasePart
from workflows.releases import recording
from workflows.releases.contents import Known, know
from workflows.releases.reading import find_difference, find_newest
from workflows.releases.recording import GONE_AFTER, KEPT_RELEASES, RENEW_AFTER, ReleaseWatch, see_release

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def make_known(name: str) -> Known:
    return know(ReleasePart.WORKFLOWS, {"name": name, "workflows": {}})


def see(name: str, *, minutes: float = 0) -> None:
    """Let a process say that it runs a release, so many minutes after NOW."""
    see_release(make_known(name), process="host:1", now=NOW + minutes * MINUTE)


def written() -> Sequence[str]:
    """Return what was written down, the oldest first."""
    return [row.contents["name"] for row in Release.objects.order_by("id")]


class TestWhatIsNews:
    def test_the_first_process_writes_a_row_and_the_others_none(self) -> None:
        for minutes in (0, 1, 5):
            see("a", minutes=minutes)
        [row] = Release.objects.all()
        assert (row.first_seen_at, row.last_seen_at, row.former) == (NOW, NOW + 5 * MINUTE, None)
        assert (row.process, row.contents) == ("host:1", {"name": "a", "workflows": {}})

    def test_what_was_never_seen_takes_the_place_of_the_newest_at_once(self) -> None:
        see("a")
        see("b", minutes=0.1)
        newest = find_newest(ReleasePart.WORKFLOWS)
        assert newest is not None
        assert newest.former is not None
        assert (newest.contents["name"], newest.former.contents["name"]) == ("b", "a")

    def test_two_side_by_side_do_not_alternate_whoever_starts_again(self) -> None:
        see("a")
        for minutes in range(1, 60):
            see("b", minutes=minutes)
            see("a", minutes=minutes)
        assert written() == ["a", "b"]
        assert Release.objects.get(contents__name="a").last_seen_at == NOW + 59 * MINUTE

    def test_a_former_one_is_news_again_when_nobody_runs_the_newest_any_more(self) -> None:
        see("a")
        see("b", minutes=1)
        just_before = 1 + GONE_AFTER / MINUTE
        see("a", minutes=just_before - 0.01)
        assert written() == ["a", "b"]
        see("a", minutes=just_before)
        see("a", minutes=just_before + 1)
        assert written() == ["a", "b", "a"]
        newest = find_newest(ReleasePart.WORKFLOWS)
        assert newest is not None
        assert newest.former is not None
        assert newest.former.contents["name"] == "b"

    def test_one_that_comes_and_goes_beside_another_is_written_down_once(self) -> None:
        see("a")
        see("b", minutes=1)
        for minutes in range(2, 60):
            see("a", minutes=minutes)
            if minutes % 10 == 0:
                see("b", minutes=minutes)
        assert written() == ["a", "b", "a"]

    def test_the_parts_know_nothing_of_one_another(self) -> None:
        see("a")
        see_release(know(ReleasePart.FUNCTIONS, {"f": {"name": "x"}}), process="host:1", now=NOW)
        assert {row.part: row.former for row in Release.objects.all()} == {"workflows": None, "functions": None}

    def test_that_there_are_no_functions_is_no_news_until_there_were_some(self) -> None:
        nothing = know(ReleasePart.FUNCTIONS, {})
        see_release(nothing, process="host:1", now=NOW)
        assert not Release.objects.exists()
        see_release(know(ReleasePart.FUNCTIONS, {"f": {}}), process="host:1", now=NOW)
        see_release(nothing, process="host:1", now=NOW)
        assert [row.contents for row in Release.objects.order_by("id")] == [{"f": {}}, {}]

    def test_one_that_another_process_has_just_written_down_is_left_at_that(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        see("a")
        with monkeypatch.context() as meanwhile:

            def let_the_other_be_first(names: Any) -> None:
                meanwhile.undo()
                see("b", minutes=1)

            meanwhile.setattr(recording, "lock_names", let_the_other_be_first)
            see("b", minutes=1)
        assert written() == ["a", "b"]


class TestWhatItCosts:
    def test_what_is_known_is_written_down_twice_a_minute_by_however_many_processes(self) -> None:
        for second in range(60):
            see_release(
                know(ReleasePart.WORKFLOWS, {"workflows": {"a": {}}}),
                process=f"host:{second}",
                now=NOW + second * SECOND,
            )
        assert Release.objects.get().last_seen_at == NOW + RENEW_AFTER
        see_release(know(ReleasePart.WORKFLOWS, {"workflows": {"a": {}}}), process="host:1", now=NOW + MINUTE)
        assert Release.objects.get().last_seen_at == NOW + MINUTE

    def test_a_look_at_what_is_known_is_two_statements_however_many_workflows_there_are(self) -> None:
        many = know(ReleasePart.WORKFLOWS, {"workflows": {f"task_{number}": {} for number in range(500)}})
        with recorded_statements() as first:
            see_release(many, process="host:1", now=NOW)
        with recorded_statements() as again:
            see_release(many, process="host:1", now=NOW + MINUTE)
        assert len(first) <= 8, "\n".join(first)
        assert len(again) == 2, "\n".join(again)
        assert "contents" not in again[0]

    def test_the_oldest_go_and_what_took_their_place_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recording, "KEPT_RELEASES", 3)
        assert KEPT_RELEASES == 100
        for number in range(5):
            see(f"r{number}", minutes=number)
        assert written() == ["r2", "r3", "r4"]
        assert find_difference(Release.objects.order_by("id")[0]) is None
        assert find_difference(Release.objects.order_by("id")[1]) is not None


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_that_start_together_one_writes_it_down() -> None:
    see("a")
    barrier = Barrier(4)

    def start() -> None:
        barrier.wait()
        see("b", minutes=1)

    with in_thread(start), in_thread(start), in_thread(start), in_thread(start):
        pass
    assert written() == ["a", "b"]


class TestProcesses:
    def test_a_watch_looks_once_a_minute_and_works_out_once_what_it_knows(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.RELEASE = "2027.3" + "x" * 200
        watch = ReleaseWatch(process="host:1")
        watch.look(now=NOW)
        watch.look(now=NOW + SECOND)
        row = Release.objects.get()
        assert (row.name, row.last_seen_at) == (settings.RELEASE[:100], NOW)
        register_code("task_late", [make_step("Late", lambda: None)])
        monkeypatch.setattr(recording, "SEE_EVERY_SECONDS", 0)
        watch.look(now=NOW + MINUTE)
        assert Release.objects.get().last_seen_at == NOW + MINUTE

    def test_a_database_that_is_away_harms_nobody_and_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise DatabaseError("away")

        monkeypatch.setattr(connections, "close_all", lambda: None)  # that of the test stays
        monkeypatch.setattr(recording, "SEE_EVERY_SECONDS", 0)
        watch = ReleaseWatch(process="host:1")
        with monkeypatch.context() as away, structlog.testing.capture_logs() as lines:
            away.setattr(recording, "see_release", fail)
            watch.look(now=NOW)
        assert [line["event"] for line in lines] == ["release_not_recorded"]
        watch.look(now=NOW)
        assert Release.objects.count() == 1

    def test_code_that_cannot_be_described_harms_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> Sequence[Known]:
            raise TypeError("of an author")

        with structlog.testing.capture_logs() as lines:
            ReleaseWatch(process="host:1", know_others=fail).look(now=NOW)
        assert [line["event"] for line in lines] == ["release_not_described"]
        assert not Release.objects.exists()

    def test_a_worker_that_registers_writes_down_its_workflows(self) -> None:
        register_code("task_mine", [make_step("Mine", lambda: None)])
        worker = Worker(concurrency=1, lease_seconds=30, poll_seconds=1, clock=DatabaseClock())
        assert worker._register()
        row = Release.objects.get()
        assert (row.part, row.process) == ("workflows", worker.name)
        assert "task_mine" in row.contents["workflows"]


@pytest.mark.django_db(transaction=True)
def test_a_scheduler_writes_down_its_functions_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("cron", {"hour": 1}, "UTC")
    monkeypatch.setitem(DECORATED, "nightly", DecoratedFunction("nightly", "Nightly", print, rule))
    assert know_functions().contents["nightly"]["runs"]
    beating = Heartbeat(pulse=Pulse(database_now), activity=Activity())
    beating.start()
    wait_for(lambda: Release.objects.count() == 2, describe="both parts")
    beating.stop()
    row = Release.objects.get(part=ReleasePart.FUNCTIONS)
    assert set(row.contents) == {"nightly"}
    assert row.contents["nightly"]["rule"]["trigger_kwargs"] == {"hour": 1}
