"""The top of the first page of the admin, who sees what of it, its parts, and what it costs."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from orchestrator_site.common.clock import database_now
from schedules.models import SchedulerProcess, SchedulerPulse
from tasks.freezing import freeze_engine
from tasks.models import TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.home_support import (
    HOME,
    HOUR,
    MINUTE,
    make_firing_at,
    make_run,
    see_scheduler,
    see_worker,
)
from tests.integration.admin.support import list_url, read
from tests.support.database import recorded_statements
from tests.support.factories import make_schedule, make_task, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return database_now()


ALL = (
    "schedules.view_schedule",
    "schedules.view_firing",
    "schedules.view_schedulerprocess",
    "tasks.view_task",
    "tasks.view_workerprocess",
)
# One more on PostgreSQL: the time of the database.
MAX_STATEMENTS = 25


def alarms(page: str) -> list[str]:
    return re.findall(r'data-alarm="([^"]+)"', page)


def words(page: str) -> list[str]:
    return re.findall(r'data-word="([^"]+)"', page)


class TestStanding:
    def test_all_is_well_in_one_line(self, root: Client, now: datetime) -> None:
        see_scheduler(now)
        see_worker(now)
        page = read(root.get(HOME))
        assert alarms(page) == []
        assert "good" in words(page)
        assert "Everything is running" in page
        assert "1 scheduler" in page
        assert "1 worker" in page

    def test_nothing_has_ever_run(self, root: Client) -> None:
        page = read(root.get(HOME))
        assert alarms(page) == ["schedulers", "workers"]
        assert page.count("None has ever run.") == 2
        assert "Everything is running" not in page
        assert "manage.py scheduler run" in page
        assert "manage.py worker" in page
        assert list_url("schedules_schedulerprocess") in page

    def test_a_scheduler_that_ended_in_order_is_known_by_the_pulse(self, root: Client, now: datetime) -> None:
        see_worker(now)
        SchedulerPulse.objects.create(pk=1, last_tick_at=now - 3 * HOUR)
        page = read(root.get(HOME))
        assert alarms(page) == ["schedulers"]
        assert "One was last alive" in page
        assert "3 h ago" in page

    def test_one_that_hangs_is_not_alive(self, root: Client, now: datetime) -> None:
        see_worker(now)
        see_scheduler(now, looked_at=now - 5 * MINUTE)
        page = read(root.get(HOME))
        assert alarms(page) == ["schedulers"]
        assert "1 hangs" in page

    def test_a_worker_that_was_not_seen_for_long_is_not_alive(self, root: Client, now: datetime) -> None:
        see_scheduler(now)
        see_worker(now - 10 * MINUTE)
        page = read(root.get(HOME))
        assert alarms(page) == ["workers"]
        assert "One was last seen" in page
        assert "10 min ago" in page

    def test_one_of_several_in_trouble_is_told_without_an_alarm(self, root: Client, now: datetime) -> None:
        see_worker(now)
        see_scheduler(now)
        SchedulerProcess.objects.create(
            id="old", host="host", pid=3, version="1", started_at=now, last_seen_at=now - HOUR, last_tick_at=now - HOUR
        )
        page = read(root.get(HOME))
        assert alarms(page) == []
        assert "trouble" in words(page)
        assert "1 stale" in page

    def test_who_is_behind_is_named(self, root: Client, now: datetime) -> None:
        see_scheduler(now)
        see_worker(now)
        make_schedule(name="Overdue one", next_run_at=now - 12 * MINUTE)
        page = read(root.get(HOME))
        assert "behind" in words(page)
        assert "trouble" in words(page)
        assert re.search(r"Overdue one</a>\s+has been due for 12 min", page)

    def test_a_freeze_says_who_why_since_and_until(self, root: Client, now: datetime) -> None:
        see_scheduler(now)
        see_worker(now)
        freeze_engine(reason="Upgrade of <NSO>", actor="ada", until=now + 2 * HOUR)
        answer = root.get(HOME)
        page = read(answer)
        assert alarms(page) == ["frozen"]
        assert "The engine is frozen by ada" in page
        assert "It ends by itself" in page
        assert 'id="engine-banner"' not in page, "it is said once"
        assert "<NSO>" not in answer.content.decode()
        assert "Unfreeze…" in page

    def test_a_freeze_without_an_end_wants_somebody_who_may(self, login: Login, now: datetime) -> None:
        freeze_engine(reason="Upgrade", actor="ada")
        page = read(login(*ALL).get(HOME))
        assert "somebody has to unfreeze it" in page
        assert "Unfreeze…" not in page
        assert list_url("tasks_enginefreeze") not in page


class TestWhoSeesWhat:
    def test_somebody_without_any_permission_is_told_so(self, login: Login) -> None:
        page = read(login().get(HOME))
        assert "nothing here that you may look at" in page
        assert "home-card" not in page

    @pytest.mark.parametrize(
        ("permission", "shown"),
        [
            ("schedules.view_schedule", {"due", "upcoming", "timeline", "load"}),
            ("schedules.view_firing", {"missed", "skipped", "late", "not-run"}),
            ("tasks.view_task", {"running", "suspended", "failed", "queue", "failures"}),
            ("schedules.view_schedulerprocess", set()),
            ("tasks.view_workerprocess", set()),
        ],
    )
    def test_each_part_is_for_those_who_may_view_that(
        self, login: Login, now: datetime, permission: str, shown: set[str]
    ) -> None:
        schedule = make_schedule(next_run_at=now + HOUR)
        make_firing_at(schedule, now - HOUR, outcome="missed")
        page = read(login(permission).get(HOME))
        cards = set(re.findall(r'id="home-card-([a-z]+)"', page))
        regions = set(re.findall(r'aria-labelledby="home-([a-z-]+)-heading"', page))
        assert (cards | regions) - {"running"} == shown - {"running"}
        assert ("running" in cards | regions) == (permission == "tasks.view_task")

    def test_the_time_line_leaves_out_what_one_may_not_view(self, login: Login, now: datetime) -> None:
        workflow = make_workflow()
        schedule = make_schedule(workflow, next_run_at=now + HOUR)
        make_run(workflow, TaskStatus.FAILED, now - HOUR, schedule)
        make_firing_at(schedule, now - 2 * HOUR, outcome="missed")
        page = read(login("schedules.view_schedule").get(HOME))
        assert 'data-kind="planned"' in page
        assert 'data-kind="failed"' not in page
        assert 'data-kind="not-run"' not in page

    def test_a_viewer_is_not_offered_to_retry(self, login: Login, now: datetime) -> None:
        make_task(status=TaskStatus.FAILED, now=now - HOUR)
        assert "Retry…" not in read(login(*ALL).get(HOME))

    def test_anonymous_people_are_asked_to_log_in(self, client: Client) -> None:
        for url in (HOME, reverse("admin-home-part", args=["numbers"])):
            assert client.get(url)["Location"].startswith("/admin/login/")


class TestParts:
    @pytest.mark.parametrize("part", ["numbers", "timeline", "load"])
    def test_a_part_alone_is_what_the_page_has(self, root: Client, part: str) -> None:
        url = reverse("admin-home-part", args=[part])
        page = read(root.get(HOME))
        assert re.search(rf'id="home-{part}"[^>]*data-live="\d+" hx-get="{url}"', page)
        alone = read(root.get(url, headers={"HX-Request": "true"}))
        assert alone.strip().startswith(("<div", "<section"))
        assert f'id="home-{part}"' in alone
        assert "<html" not in alone

    def test_whoever_opens_the_address_of_a_part_comes_to_the_page(self, root: Client) -> None:
        assert root.get(reverse("admin-home-part", args=["load"]))["Location"] == HOME
        assert root.get("/admin/home/other/").status_code == 404

    @pytest.mark.parametrize("part", ["timeline", "load"])
    def test_a_part_is_refused_to_who_may_not_view_it(self, login: Login, part: str) -> None:
        url = reverse("admin-home-part", args=[part])
        assert login("tasks.view_task").get(url, headers={"HX-Request": "true"}).status_code == 403


def test_statements_do_not_grow_with_what_there_is(root: Client, now: datetime) -> None:
    fill(now, 3)
    root.get(HOME)
    with recorded_statements() as few:
        read(root.get(HOME))
    fill(now, 30)
    with recorded_statements() as many:
        read(root.get(HOME))
    assert len(many) == len(few)
    assert len(many) <= MAX_STATEMENTS + (connection.vendor == "postgresql"), "\n".join(many)


def fill(now: datetime, number: int) -> None:
    """Store so many schedules, each with tasks that failed, run, are queued, and instants that did not run."""
    see_scheduler(now)
    workflow = make_workflow()
    for each in range(number):
        schedule = make_schedule(workflow, name=f"s{each}", next_run_at=now + (each + 1) * MINUTE)
        for status in (TaskStatus.FAILED, TaskStatus.RUNNING, TaskStatus.CREATED, TaskStatus.COMPLETED):
            make_run(workflow, status, now - HOUR - each * MINUTE, schedule)
        make_firing_at(schedule, now - HOUR, outcome="skipped_overlap")
