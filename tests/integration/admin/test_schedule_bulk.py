"""Doing one thing to many schedules from their list: a look ahead first, then the same in earnest."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules import bulk_actions
from schedules.models import Firing, Schedule
from schedules.pausing import pause_schedule
from tasks.models import Task
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read, read_messages
from tests.support.factories import make_schedule, make_workflow

MODEL = "schedules_schedule"
LIST = list_url(MODEL)
BULK = f"{LIST}bulk/"
NEXT_YEAR = "2098-01-01T00:00:00"
PERMISSIONS = {
    "pause": "schedules.pause_schedule",
    "resume": "schedules.pause_schedule",
    "run": "schedules.run_schedule",
    "delete": "schedules.delete_schedule",
}


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(make_workflow(), name="Nightly")


def chosen(action: str, *schedules: Schedule, **fields: str) -> dict[str, Any]:
    return {"action": action, "ids": [schedule.pk for schedule in schedules], **fields}


def section(page: str, name: str) -> str:
    """Return what stands in a part of the page; nothing if it is not there."""
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def test_the_page_says_what_would_become_of_each_and_does_nothing(root: Client, schedule: Schedule) -> None:
    finished = make_schedule(name="Once <upon>", next_run_at=None)
    paused = make_schedule(name="Paused")
    pause_schedule(schedule_id=paused.pk, reason="Upgrade", actor="ada")
    before = list(Schedule.objects.values())
    answer = root.post(BULK, chosen("pause", schedule, finished, paused))
    page = read(answer)
    assert b"Once &lt;upon&gt;" in answer.content
    assert "Once <upon>" in section(page, "stays")
    assert "the schedule is finished and does not run; there is nothing to pause" in section(page, "stays")
    assert "<td>is paused</td>" in section(page, "would")
    assert "its pause gets this reason and this end" in section(page, "would")
    assert "Pause 2 schedules" in page, "the button names those that change"
    assert list(Schedule.objects.values()) == before
    assert not LogEntry.objects.exists()


def test_many_are_paused_for_one_reason_and_each_that_stays_says_why(root: Client, schedule: Schedule) -> None:
    finished = make_schedule(name="Once <upon>", next_run_at=None)
    sent = chosen("pause", schedule, finished, _do="1", reason="", until="")
    for wrong, field in (({}, "reason"), ({"reason": "x", "until": "2001-01-01T00:00"}, "until")):
        again = root.post(BULK, {**sent, **wrong})
        assert again.context["form"].errors.keys() == {field}
        assert "would become" in read(again)
    assert not Schedule.objects.filter(state="paused").exists()
    sent |= {"reason": "Upgrade", "until": NEXT_YEAR}
    told = read_messages(root.post(BULK, sent, follow=True))
    assert "1 of 2 schedules are paused." in told
    assert f'href="{page_url(MODEL, finished.pk)}">Once &lt;upon&gt;</a>: the schedule is finished' in told
    schedule.refresh_from_db()
    assert (schedule.state, schedule.paused_by, schedule.pause_reason) == ("paused", "root", "Upgrade")
    assert [entry.object_id for entry in LogEntry.objects.all()] == [str(schedule.pk)]


def test_many_are_resumed(root: Client, schedule: Schedule) -> None:
    pause_schedule(schedule_id=schedule.pk, reason="Upgrade", actor="ada")
    active = make_schedule(name="Active")
    page = read(root.post(BULK, chosen("resume", schedule, active)))
    assert "<td>it is active</td>" in section(page, "stays")
    assert "<td>goes on</td>" in section(page, "would")
    told = read_messages(root.post(BULK, chosen("resume", schedule, active, _do="1"), follow=True))
    assert "1 of 2 schedules go on." in told
    assert Schedule.objects.get(pk=schedule.pk).state == "active"


def test_many_are_run_now_with_a_reason_for_the_ledger(root: Client, schedule: Schedule) -> None:
    other = make_schedule(make_workflow(options={"authorize_callback": lambda _: False}), name="Not mine")
    page = read(root.post(BULK, chosen("run", schedule, other)))
    assert "starts a task" in section(page, "would")
    assert "Not mine" in section(page, "stays")
    assert not Task.objects.exists()
    told = read_messages(
        root.post(BULK, chosen("run", schedule, other, _do="1", reason="after the outage"), follow=True)
    )
    assert "1 of 2 schedules have a new task on the queue." in told
    assert Task.objects.get().schedule_id == schedule.pk
    assert Firing.objects.get().reason == "run by root: after the outage"


def test_many_are_deleted_through_the_service(root: Client, schedule: Schedule) -> None:
    others = [make_schedule(name=name) for name in ("Other", "Third")]
    due = database_now() - timedelta(hours=1)
    Schedule.objects.filter(pk=others[0].pk).update(next_run_at=due, planned_through=due - timedelta(hours=1))
    asking = read(root.post(BULK, chosen("delete", schedule, others[0])))
    assert "Firings and tasks stay" in asking
    assert Schedule.objects.count() == 3
    root.post(BULK, chosen("delete", schedule, others[0], _do="1"))
    assert [left.name for left in Schedule.objects.all()] == ["Third"]
    assert {firing.reason for firing in Firing.objects.all()} == {
        "root deleted the schedule before this instant was fired"
    }
    assert {(entry.object_repr, entry.is_deletion()) for entry in LogEntry.objects.all()} == {
        ("Nightly", True),
        ("Other", True),
    }


def test_all_that_a_filter_finds_are_meant_beyond_the_page(root: Client, schedule: Schedule) -> None:
    for number in range(60):
        make_schedule(schedule.workflow, name=f"Probe {number:02}")
    listed = read(root.get(LIST, {"name": "probe"}))
    assert "all 60 that match" in listed
    page = read(root.post(f"{BULK}?name=probe", {"action": "pause", "all": "1"}))
    assert "Pause 60 schedules" in page
    assert "Nightly" not in section(page, "would")
    ids = re.search(r'name="ids" value="([^"]+)"', page)
    assert ids
    assert len(ids[1].split(",")) == 60
    done = {"action": "pause", "ids": ids[1], "_do": "1", "reason": "x"}
    answer = root.post(f"{BULK}?name=probe", done)
    assert answer["Location"] == f"{LIST}?name=probe", "back to the same list"
    assert Schedule.objects.filter(state="paused").count() == 60


def test_all_is_refused_without_a_filter_and_beyond_the_bound(
    root: Client, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schedule(name="Nightly too")
    assert "that match" not in read(root.get(LIST))
    told = read_messages(root.post(BULK, {"action": "pause", "all": "1"}, follow=True))
    assert "Search or filter first" in told
    monkeypatch.setattr(bulk_actions, "MAX_SCHEDULES", 1)
    told = read_messages(root.post(f"{BULK}?q=nightly", {"action": "pause", "all": "1"}, follow=True))
    assert "2 schedules are meant, and at most 1 can be taken at once: narrow the filter" in told


def test_nothing_ticked_is_said_and_goes_back_to_the_same_page(root: Client, schedule: Schedule) -> None:
    answer = root.post(f"{BULK}?state=active", {"action": "pause"})
    assert answer["Location"] == f"{LIST}?state=active"
    assert "Tick the schedules that are meant" in read_messages(root.get(answer["Location"]))


def test_what_is_no_action_is_refused(root: Client, schedule: Schedule) -> None:
    assert root.post(BULK, chosen("explode", schedule)).status_code == 400
    assert root.get(BULK).status_code == 302


@pytest.mark.parametrize("action", PERMISSIONS)
def test_an_action_is_absent_and_refused_without_its_permission(login: Login, schedule: Schedule, action: str) -> None:
    if action == "resume":
        pause_schedule(schedule_id=schedule.pk, reason="Upgrade", actor="ada")
    before = Schedule.objects.values().get()
    others = {"schedules.change_schedule", *PERMISSIONS.values()} - {PERMISSIONS[action]}
    operator = login("schedules.view_schedule", *others)
    button = f'name="action" value="{action}"'
    assert button not in read(operator.get(LIST))
    for fields in ({}, {"_do": "1", "reason": "mine"}):
        assert operator.post(BULK, chosen(action, schedule, **fields)).status_code == 403
    assert Schedule.objects.values().get() == before
    assert not Task.objects.exists()
    User.objects.all().delete()
    allowed = login("schedules.view_schedule", PERMISSIONS[action])
    assert button in read(allowed.get(LIST))
    assert allowed.post(BULK, chosen(action, schedule, _do="1", reason="mine")).status_code == 302
    assert Task.objects.exists() or Schedule.objects.values().first() != before


def test_a_viewer_has_no_boxes(login: Login, schedule: Schedule) -> None:
    page = read(login("schedules.view_schedule").get(LIST))
    assert "Nightly" in page
    assert "schedule-choice" not in page
    assert "schedule-bulk" not in page
