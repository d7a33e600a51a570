from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.ids import new_id
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule
from schedules.services import delete_schedule
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read
from tests.support.factories import NOW, make_schedule, make_task, make_workflow
from workflows.engine import Target

MODEL = "schedules_firing"


def make_firing(schedule: Schedule, **fields: Any) -> Firing:
    defaults: dict[str, Any] = {
        "schedule_id": schedule.pk,
        "schedule_name": schedule.name,
        "scheduled_for": NOW,
        "due_at": fields.get("scheduled_for", NOW),
        "decided_at": NOW,
        "lateness_ms": 1500,
        "outcome": FiringOutcome.STARTED,
    }
    return Firing.objects.create(**{**defaults, **fields})


def test_the_list_links_to_schedules_that_exist_and_to_tasks(root: Client, db: None) -> None:
    kept, gone = make_schedule(name="Kept"), make_schedule(name="Gone")
    task = make_task()
    make_firing(kept, task_id=task.pk)
    make_firing(gone, outcome=FiringOutcome.MISSED, reason="x" * 200)
    delete_schedule(schedule_id=gone.pk, actor="a test")
    page = read(root.get(list_url(MODEL)))
    assert f'href="{page_url("schedules_schedule", kept.pk)}">Kept</a>' in page
    assert page_url("tasks_task", task.pk) in page
    assert "Gone (deleted)" in page
    assert "1.500 s" in page
    assert "x" * 79 + "…" in page
    assert "x" * 81 not in page


def test_what_the_spread_had_moved_is_shown_by_how_much(root: Client, db: None) -> None:
    moved = make_firing(make_schedule(), due_at=NOW + timedelta(seconds=65))
    assert "1 min 5 s" in read(root.get(list_url(MODEL)))
    assert "1 min 5 s" in read(root.get(page_url(MODEL, moved.pk)))


def test_the_page_shows_all_of_it(root: Client, db: None) -> None:
    schedule = make_schedule(name="Nightly")
    last = NOW + timedelta(hours=1)
    firing = make_firing(schedule, count=None, last_scheduled_for=last, reason="they were <down>")
    page = read(root.get(page_url(MODEL, firing.pk)))
    for shown in ("Nightly", "2027-03-01 09:00:00 UTC", "2027-03-01 10:00:00 UTC", "they were <down>", "started"):
        assert shown in page
    assert "Nightly, 2027-03-01 09:00:00 UTC" in page


def test_the_page_leads_to_why_those_who_may_see_it(root: Client, login: Login, db: None) -> None:
    schedule = make_schedule()
    firing = make_firing(schedule)
    explanation = f"/admin/schedules/schedule/{schedule.pk}/explain/?at="
    assert explanation in read(root.get(page_url(MODEL, firing.pk)))
    assert explanation not in read(login("schedules.view_firing").get(page_url(MODEL, firing.pk)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "night"}, {"started", "missed"}),
        ({"q": "hourly"}, {"error"}),
        ({"outcome__exact": "missed"}, {"missed"}),
        ({"cause__exact": "manual"}, {"started"}),
        ({"outcome__exact": "started"}, {"started"}),
        ({"cause__exact": "schedule"}, {"error", "missed"}),
        ({"late_by_ms": "1000"}, {"started", "error", "missed"}),
        ({"late_by_ms": "3600000"}, {"missed"}),
        ({"since": "hour"}, {"started", "error"}),
        ({"since": "month"}, {"started", "error", "missed"}),
    ],
)
def test_the_list_is_searched_and_filtered(root: Client, db: None, query: dict[str, str], found: set[str]) -> None:
    now = database_now()
    nightly, hourly = make_schedule(name="Nightly"), make_schedule(name="Hourly")
    make_firing(nightly, decided_at=now, cause=FiringCause.MANUAL)
    make_firing(hourly, decided_at=now, outcome=FiringOutcome.ERROR)
    two_days_ago = {"scheduled_for": NOW - timedelta(days=2), "decided_at": now - timedelta(days=2)}
    make_firing(nightly, **two_days_ago, lateness_ms=3_600_000, outcome="missed")
    rows = root.get(list_url(MODEL), query).context["cl"].result_list
    assert {firing.outcome for firing in rows} == found


@pytest.mark.parametrize(("planned", "count"), [("", 3), ("month", 2), ("week", 1)])
def test_firings_are_filtered_by_when_they_were_planned_for(root: Client, db: None, planned: str, count: int) -> None:
    now, schedule = database_now(), make_schedule()
    for days in (1, 20, 50):
        make_firing(schedule, scheduled_for=now - timedelta(days=days), decided_at=now)
    assert len(root.get(list_url(MODEL), {"planned": planned}).context["cl"].result_list) == count


def test_an_address_can_name_any_range(root: Client, db: None) -> None:
    schedule = make_schedule()
    for day in range(3):
        make_firing(schedule, scheduled_for=NOW + timedelta(days=day))
    query = {"scheduled_for__gte": "2027-03-02T00:00Z", "scheduled_for__lt": "2027-03-03T00:00Z"}
    [found] = root.get(list_url(MODEL), query).context["cl"].result_list
    assert found.scheduled_for == NOW + timedelta(days=1)


def test_an_id_is_found(root: Client, db: None) -> None:
    firing = make_firing(make_schedule(), task_id=new_id())
    make_firing(make_schedule())
    for wanted in (firing.pk, firing.task_id, firing.schedule_id):
        assert list(root.get(list_url(MODEL), {"q": str(wanted)}).context["cl"].result_list) == [firing]
    assert list(root.get(list_url(MODEL), {"q": str(uuid4())}).context["cl"].result_list) == []


def test_workflows_are_listed_and_deleted_ones_when_asked_for(root: Client, db: None) -> None:
    make_workflow(name="task_here", description="Is <here>")
    make_workflow(name="modify_note", target=Target.MODIFY)
    make_workflow(name="task_gone", deleted_at=NOW)
    url = list_url("workflows_workflow")
    names = {
        name: {row.name for row in root.get(url, query).context["cl"].result_list} for name, query in QUERIES.items()
    }
    assert {"task_here", "modify_note"} <= names["default"]
    assert "task_gone" not in names["default"]
    assert names["deleted"] == {"task_gone"}
    assert {"task_here", "task_gone"} <= names["all"]
    assert names["search"] == {"task_here"}


QUERIES: dict[str, dict[str, str]] = {
    "default": {},
    "deleted": {"registered": "deleted"},
    "all": {"registered": "all"},
    "search": {"q": "<here>"},
}


def test_the_page_of_a_workflow_says_why_it_cannot_start(root: Client, db: None) -> None:
    workflow = make_workflow(name="task_without_code", has_code=False)
    assert "no code is registered" in read(root.get(page_url("workflows_workflow", workflow.pk)))
