"""The numbers and the lists of the first page of the admin."""

import re
from datetime import datetime

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import PlannedLoad
from tasks.models import TaskStatus
from tests.integration.admin.home_support import (
    HOME,
    HOUR,
    MINUTE,
    card,
    make_firing_at,
    region,
)
from tests.integration.admin.support import page_url, read
from tests.support.factories import make_schedule, make_step, make_task, make_task_step, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return database_now()


class TestNumbers:
    def test_cards_count_and_lead_to_what_they_count(self, root: Client, now: datetime) -> None:
        workflow = make_workflow()
        schedule = make_schedule(workflow, next_run_at=now + 5 * MINUTE, trigger_kwargs={"minutes": 20})
        for status, number in ((TaskStatus.RUNNING, 2), (TaskStatus.SUSPENDED, 3), (TaskStatus.CREATED, 1)):
            for _ in range(number):
                make_task(workflow, status=status, now=now - 10 * MINUTE)
        make_task(workflow, status=TaskStatus.API_UNAVAILABLE, now=now - HOUR)
        make_task(workflow, status=TaskStatus.FAILED, now=now - 2 * HOUR)
        make_task(workflow, status=TaskStatus.FAILED, now=now - 25 * HOUR)
        for minutes, outcome in enumerate(("missed", "error", "skipped_overlap", "skipped_paused", "skipped_paused")):
            make_firing_at(schedule, now - HOUR + minutes * MINUTE, outcome=outcome)
        make_firing_at(schedule, now - 30 * HOUR, outcome="missed")
        page = read(root.get(HOME))
        assert card(page, "due")[0] == "3"
        assert card(page, "running")[0] == "2"
        assert card(page, "suspended")[0] == "3"
        assert card(page, "failed")[:2] == ("2", "failed 1, API unavailable 1")
        assert card(page, "queue")[0] == "1"
        assert re.fullmatch(r"the oldest for 10 min \d+ s", card(page, "queue")[1])
        assert card(page, "missed")[:2] == ("2", "missed 1, error 1")
        assert card(page, "skipped")[:2] == ("3", "overlap 1, paused 2")
        for name, listed in (
            ("failed", 2),
            ("running", 2),
            ("suspended", 3),
            ("queue", 1),
            ("missed", 2),
            ("skipped", 3),
        ):
            answer = root.get(card(page, name)[2])
            assert answer.status_code == 200, name
            assert len(answer.context["cl"].result_list) == listed, name

    def test_instants_that_stand_for_many_count_as_many(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(next_run_at=now + HOUR)
        make_firing_at(schedule, now - 3 * HOUR, outcome="skipped_frozen", count=250, last_scheduled_for=now - 2 * HOUR)
        page = read(root.get(HOME))
        assert card(page, "skipped")[:2] == ("250", "frozen 250")
        assert "250 instants" in region(page, "not-run")

    def test_lateness_is_that_of_firings_of_their_own_time(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(next_run_at=now + HOUR)
        for number in range(100):
            make_firing_at(schedule, now - 2 * HOUR + number * MINUTE, lateness_ms=10 * (number + 1))
        make_firing_at(schedule, now - 5 * MINUTE, lateness_ms=9_000_000, cause="catchup")
        make_firing_at(schedule, now - 4 * MINUTE, lateness_ms=9_000_000, outcome="skipped_frozen")
        page = read(root.get(HOME))
        assert card(page, "late")[:2] == ("0.50 s / 0.99 s", "of 100 in 24 h")
        assert root.get(card(page, "late")[2]).status_code == 200

    def test_without_an_exact_list_the_counts_tell_what_is_due(self, root: Client, now: datetime) -> None:
        for number in range(9):
            make_schedule(name=f"n{number}", next_run_at=now + MINUTE, trigger_kwargs={"seconds": 10})
        assert card(read(root.get(HOME)), "due")[0] == "over 500"
        start = now.replace(second=0, microsecond=0)
        PlannedLoad.objects.create(pk=1, as_of=now, starts_at=start, counts=[54] * 1_500)
        assert card(read(root.get(HOME)), "due")[0] in {"3,240", "3,294"}


class TestLists:
    def test_a_failure_has_its_step_its_reason_and_a_way_to_retry(self, root: Client, now: datetime) -> None:
        workflow = make_workflow()
        schedule = make_schedule(workflow, name="Nightly sync", next_run_at=now + HOUR)
        task = make_task(
            workflow,
            status=TaskStatus.FAILED,
            now=now - HOUR,
            schedule_id=schedule.pk,
            failed_reason="Call NSO: ConnectionError: no route\nand a table",
        )
        make_task_step(task, name="Call NSO", position=1, status="failed")
        found = region(read(root.get(HOME)), "failures")
        for text in ("Nightly sync", "at Call NSO", "ConnectionError: no route<", "60 min ago", "Retry…"):
            assert text in found
        assert "and a table" not in found
        assert page_url("tasks_task", task.pk) in found

    def test_an_instant_that_did_not_run_leads_to_why(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(name="Nightly sync", next_run_at=now + HOUR)
        make_firing_at(schedule, now - HOUR, outcome="skipped_overlap", reason="task 1 had not ended")
        found = region(read(root.get(HOME)), "not-run")
        assert "skipped for overlap" in found
        assert "task 1 had not ended" in found
        url = re.search(r'href="([^"]*explain[^"]*)"', found)
        assert url
        assert root.get(url[1]).status_code == 200

    def test_what_runs_is_told_with_step_worker_and_whether_it_is_overdue(self, root: Client, now: datetime) -> None:
        slow = make_step("Slow", lambda: None)
        workflow = make_workflow(slow, name="task_slow")
        make_task(
            workflow,
            status=TaskStatus.RUNNING,
            now=now - 10 * MINUTE,
            position=1,
            step_started_at=now - 3 * MINUTE,
            worker="host:9:x",
        )
        found = region(read(root.get(HOME)), "running")
        for text in ("task_slow", "step Slow", "3 min ago", "on host:9:x"):
            assert text in found
        assert "overdue" not in found

    def test_what_comes_next_is_in_order(self, root: Client, now: datetime) -> None:
        for minutes in (30, 10, 20):
            make_schedule(name=f"In {minutes}", next_run_at=now + minutes * MINUTE, trigger_kwargs={"days": 1})
        found = region(read(root.get(HOME)), "upcoming")
        assert re.findall(r">(In \d+)<", found) == ["In 10", "In 20", "In 30"]

    def test_one_that_runs_all_the_time_hides_no_other(self, root: Client, now: datetime) -> None:
        make_schedule(name="Often", next_run_at=now + MINUTE, trigger_kwargs={"minutes": 1})
        make_schedule(name="Later", next_run_at=now + 20 * MINUTE, trigger_kwargs={"days": 1})
        found = region(read(root.get(HOME)), "upcoming")
        assert re.findall(r">(Often|Later)<", found) == ["Often", "Later"]

    def test_empty_lists_say_so(self, root: Client) -> None:
        page = read(root.get(HOME))
        for text in (
            "Nothing has failed in 24 hours.",
            "Every instant of the last 24 hours has run.",
            "No task runs at this moment.",
            "Nothing is planned in the next 24 hours.",
        ):
            assert text in page

    def test_an_empty_database_teaches(self, root: Client, now: datetime) -> None:
        assert "No schedules yet" in read(root.get(HOME))
        make_schedule(next_run_at=None)
        assert "No schedules yet" not in read(root.get(HOME))
