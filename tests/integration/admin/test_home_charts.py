"""The time line and the load on the first page of the admin."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import PlannedLoad
from tasks.freezing import freeze_engine
from tasks.models import TaskStatus
from tests.integration.admin.home_support import (
    HOME,
    HOUR,
    MINUTE,
    make_firing_at,
    make_run,
    region,
)
from tests.integration.admin.support import page_url, read
from tests.support.factories import make_schedule, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return database_now()


class TestTimeLine:
    def kinds(self, page: str) -> list[str]:
        drawing = region(page, "timeline")
        return re.findall(r'data-kind="([^"]+)"', drawing.partition("home-drawing")[2])

    def lanes(self, page: str) -> list[str]:
        return re.findall(r'id="home-lane-[^>]*>([^<]*)<', page)

    def test_those_that_failed_come_first_then_skipped_then_running_then_next(
        self, root: Client, now: datetime
    ) -> None:
        workflow = make_workflow()
        names = ("next", "running", "skipped", "frozen", "failed")
        soon = {name: now + (number + 1) * HOUR for number, name in enumerate(names)}
        made = {
            name: make_schedule(workflow, name=name, next_run_at=at, trigger_kwargs={"days": 1})
            for name, at in soon.items()
        }
        at = now - HOUR
        make_run(workflow, TaskStatus.FAILED, at, made["failed"])
        make_run(workflow, TaskStatus.RUNNING, at, made["running"])
        make_firing_at(made["skipped"], at, outcome="skipped_overlap")
        make_firing_at(made["frozen"], at + MINUTE, outcome="skipped_frozen")
        page = read(root.get(HOME))
        assert self.lanes(page) == ["failed", "skipped", "running", "frozen", "next"]
        assert {"failed", "running", "not-run", "planned"} <= set(self.kinds(page))
        assert "failed: failed, by hand, started" in page

    def test_a_bar_tells_what_was_planned_started_and_took_and_leads_to_the_task(
        self, root: Client, now: datetime
    ) -> None:
        workflow = make_workflow()
        schedule = make_schedule(workflow, name="Sync", next_run_at=now + HOUR)
        at = now - 2 * HOUR
        task = make_run(
            workflow, TaskStatus.COMPLETED, at, schedule, scheduled_for=at, finished_at=at + timedelta(seconds=65)
        )
        drawing = region(read(root.get(HOME)), "timeline")
        found = re.search(rf'<a href="{page_url("tasks_task", task.pk)}"[^>]*aria-label="([^"]*)"', drawing)
        assert found
        assert found[1].startswith("Sync: completed, planned ")
        assert found[1].endswith("took 1 min 5 s")
        assert f"<title>{found[1]}</title>" in drawing

    def test_there_are_no_more_lanes_than_fit_and_all_together_has_the_rest(self, root: Client, now: datetime) -> None:
        workflow = make_workflow()
        for number in range(20):
            schedule = make_schedule(workflow, name=f"s{number}", next_run_at=now + HOUR)
            make_run(workflow, TaskStatus.COMPLETED, now - 2 * HOUR, schedule)
        page = read(root.get(HOME))
        assert len(self.lanes(page)) == 14
        assert ": 20 tasks ended" in page

    def test_of_many_instants_those_before_the_beginning_are_not_in_a_heap(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(next_run_at=now + HOUR)
        many = {"outcome": "missed", "count": 900, "last_scheduled_for": now - HOUR, "decided_at": now}
        make_firing_at(schedule, now - 9 * HOUR, **many)
        assert "900 did not run" not in read(root.get(HOME))
        make_firing_at(schedule, now - 5 * HOUR, **many)
        assert "900 did not run" in read(root.get(HOME))

    def test_hours_are_those_of_the_reader(self, root: Client, now: datetime) -> None:
        root.cookies["browser_time_zone"] = "Asia/Kathmandu"
        make_schedule(next_run_at=now + HOUR)
        drawing = region(read(root.get(HOME)), "timeline")
        assert len(re.findall(r'class="home-axis"[^>]*>\d\d:00<', drawing)) > 5

    def test_what_is_planned_again_and_again_is_drawn_as_one(self, root: Client, now: datetime) -> None:
        workflow = make_workflow()
        make_schedule(workflow, name="Often", next_run_at=now + MINUTE, trigger_kwargs={"minutes": 1})
        make_schedule(workflow, name="Seldom", next_run_at=now + MINUTE, trigger_kwargs={"hours": 6})
        drawing = region(read(root.get(HOME)), "timeline")
        assert len(re.findall('aria-label="Often: planned again and again', drawing)) == 1
        assert len(re.findall('aria-label="Seldom: planned at', drawing)) == 4

    def test_a_freeze_is_drawn_as_far_as_it_lasts(self, root: Client, now: datetime) -> None:
        make_schedule(next_run_at=now + HOUR, trigger_kwargs={"hours": 2})
        freeze_engine(reason="Upgrade", actor="ada", until=now + 12 * HOUR)
        page = read(root.get(HOME))
        found = re.search(
            r'<rect x="([\d.]+)%" y="36" width="([\d.]+)%"[^>]*home-fill-frozen', region(page, "timeline")
        )
        assert found
        assert (round(float(found[1])), round(float(found[2]))) == (40, 30)
        assert region(page, "upcoming").count("kept by the freeze") == 1

    def test_everything_drawn_is_in_the_table_too(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(name="Sync", next_run_at=now + HOUR, trigger_kwargs={"days": 2})
        make_firing_at(schedule, now - HOUR, outcome="missed")
        table = region(read(root.get(HOME)), "timeline").partition("<tbody>")[2]
        assert table.count('<th scope="row">Sync</th>') == 2
        assert ">missed</a>" in table
        assert ">planned</a>" in table


class TestLoad:
    def test_counts_that_do_not_reach_so_far_are_said_to(self, root: Client, now: datetime) -> None:
        start = now.replace(second=0, microsecond=0)
        load = PlannedLoad.objects.create(pk=1, as_of=now, starts_at=start, counts=[0] * 30 + [7] + [1] * 29)
        page = region(read(root.get(HOME)), "load")
        assert "The counts are not complete yet" in page
        assert f"<title>{start + 30 * MINUTE:%H:%M} · 7</title>" in page
        assert "36 planned" in page
        load.counts = [1] * 1_500
        load.save()
        assert "not complete" not in region(read(root.get(HOME)), "load")

    def test_before_anything_was_counted_a_short_list_is_as_good(self, root: Client, now: datetime) -> None:
        schedule = make_schedule(next_run_at=now + 2 * HOUR, trigger_kwargs={"days": 2})
        assert schedule.next_run_at
        page = region(read(root.get(HOME)), "load")
        assert "have not been counted" not in page
        assert f"<title>{schedule.next_run_at:%H:%M} · 1</title>" in page

    def test_a_list_that_is_cut_off_is_not(self, root: Client, now: datetime) -> None:
        make_schedule(next_run_at=now + MINUTE, trigger_kwargs={"seconds": 30})
        assert "have not been counted" in region(read(root.get(HOME)), "load")

    def test_the_fullest_minutes_lead_to_what_runs_then(self, root: Client, now: datetime) -> None:
        start = now.replace(second=0, microsecond=0)
        PlannedLoad.objects.create(pk=1, as_of=now, starts_at=start, counts=[1] * 59 + [9] + [1] * 1_440)
        found = re.search(r'id="home-worst-1" href="([^"]*)">([^<]*)<', region(read(root.get(HOME)), "load"))
        assert found
        assert found[2].endswith(f"{start + 59 * MINUTE:%H:%M}")
        assert root.get(found[1]).status_code == 200
