"""The pages about one schedule: what stands above their tabs, and who sees which of them."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.pausing import pause_schedule
from tasks.freezing import freeze_engine
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read, verb_url
from tests.integration.schedules.explained import deleted, hourly, turn
from tests.support.factories import HOUR, make_schedule, make_workflow

MODEL = "schedules_schedule"
VIEW = "schedules.view_schedule"
UNKNOWN_ID = "0196f2a0-0000-7000-8000-000000000000"


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(
        make_workflow(name="task_nightly"),
        trigger="cron",
        trigger_kwargs={"hour": 2},
        timezone="America/New_York",
        next_run_at=datetime.fromisoformat("2099-07-01T06:00:00Z"),
    )


def tab_url(name: str, schedule: Schedule) -> str:
    return reverse(f"admin:schedules_schedule_{name}", args=[schedule.pk])


def urls_of(schedule: Schedule) -> dict[str, str]:
    return {
        "Settings": page_url(MODEL, schedule.pk),
        "History": tab_url("firings", schedule),
        "Explain": tab_url("explain", schedule),
    }


@pytest.mark.parametrize("current", ["Settings", "History", "Explain"])
def test_each_tab_leads_to_the_others_and_says_which_one_it_is(root: Client, schedule: Schedule, current: str) -> None:
    urls = urls_of(schedule)
    page = read(root.get(urls[current]))
    assert 'aria-label="Pages about this schedule"' in page
    for name, url in urls.items():
        mark = ' aria-current="page"' if name == current else ""
        assert f'<a href="{url}"{mark}>' in page
    assert verb_url(MODEL, "run", schedule.pk) in page, "what can be done stands above every tab"
    assert "At 02:00 every day, America/New_York" in page


def test_how_it_stands_is_told_on_both_clocks(root: Client, schedule: Schedule) -> None:
    root.cookies["chosen_time_zone"] = "Europe/Amsterdam"
    page = read(root.get(page_url(MODEL, schedule.pk)))
    assert "2099-07-01 08:00:00 CEST; in America/New_York 2099-07-01 02:00:00 EDT" in page
    assert page_url("workflows_workflow", schedule.workflow.pk) in page
    assert f"/admin/schedules/schedule/{schedule.pk}/history/" in page


def test_who_paused_it_until_when_and_why_is_told(root: Client, schedule: Schedule) -> None:
    until = datetime.fromisoformat("2099-01-01T00:00:00Z")
    pause_schedule(schedule_id=schedule.pk, reason="upgrade <now>", actor="ada", until=until)
    answer = root.get(tab_url("explain", schedule))
    page = read(answer)
    assert "until 2099-01-01 00:00:00 UTC: upgrade <now>" in page
    assert "<now>" not in answer.content.decode()
    Schedule.objects.update(paused_until=database_now() - HOUR, paused_at=database_now() - 2 * HOUR)
    assert "upgrade <now>" not in read(root.get(page_url(MODEL, schedule.pk))), "its pause is over"


def test_a_freeze_that_holds_it_is_told(root: Client, schedule: Schedule) -> None:
    freeze_engine(reason="maintenance <of> all", actor="ada")
    page = read(root.get(page_url(MODEL, schedule.pk)))
    assert "The engine is frozen by ada: maintenance <of> all" in page
    assert "frozen" in root.get(tab_url("explain", schedule)).context["standing"]["state"]


def test_what_it_did_last_is_shown_to_those_who_may_see_firings(login: Login, db: None) -> None:
    fired = turn(hourly())
    page = read(login(VIEW, "schedules.view_firing").get(page_url(MODEL, fired.pk)))
    assert "last 1: 1 started" in page
    fired_again = turn(hourly(name="Other"))
    User.objects.all().delete()
    assert "last 1:" not in read(login(VIEW).get(page_url(MODEL, fired_again.pk)))


def test_why_it_is_broken_is_told(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(state=ScheduleState.BROKEN, next_run_at=None, state_reason="its code is gone")
    assert "its code is gone" in read(root.get(page_url(MODEL, schedule.pk)))


def test_the_summary_is_made_fresh_by_itself(login: Login, schedule: Schedule) -> None:
    viewer, url = login(VIEW), tab_url("summary", schedule)
    page = read(viewer.get(page_url(MODEL, schedule.pk)))
    assert f'hx-get="{url}"' in page
    part = read(viewer.get(url, headers={"HX-Request": "true"}))
    assert 'id="schedule-summary"' in part
    assert "<html" not in part
    assert viewer.get(url)["Location"] == page_url(MODEL, schedule.pk), "nobody is shown a part for a page"


def test_a_viewer_sees_the_tabs_and_links_that_are_allowed(login: Login, schedule: Schedule) -> None:
    viewer, urls = login(VIEW), urls_of(schedule)
    page = read(viewer.get(urls["Settings"]))
    assert urls["Explain"] in page
    for hidden in (urls["History"], "/admin/workflows/workflow/", "/admin/tasks/task/", "/admin/schedules/firing/"):
        assert f'href="{hidden}' not in page
    for verb in ("run", "pause", "backfill"):
        assert verb_url(MODEL, verb, schedule.pk) not in page
    assert 'type="radio"' not in page
    assert viewer.get(urls["History"]).status_code == 403


def test_a_stranger_sees_none_of_them(login: Login, schedule: Schedule) -> None:
    stranger = login("tasks.view_task", "schedules.view_firing")
    for url in (*urls_of(schedule).values(), tab_url("summary", schedule)):
        assert stranger.get(url).status_code == 403


def test_a_deleted_schedule_has_a_history_and_explanations_and_no_settings(root: Client, db: None) -> None:
    gone = deleted(turn(hourly(name="Old <one>")))
    urls = urls_of(gone)
    for name in ("History", "Explain"):
        page = read(root.get(urls[name]))
        assert "This schedule was deleted." in page
        assert "Old <one>" in page
        assert f'href="{urls["Settings"]}"' not in page
        assert urls["History"] in page
        assert urls["Explain"] in page


@pytest.mark.parametrize("tab", ["firings", "explain", "summary"])
def test_one_that_never_was_has_no_pages(root: Client, tab: str) -> None:
    assert root.get(f"/admin/schedules/schedule/{UNKNOWN_ID}/{tab}/").status_code == 404
