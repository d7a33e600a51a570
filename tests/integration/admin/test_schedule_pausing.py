"""Pausing and resuming on the page of a schedule and in the list, and how the list shows and filters states."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.admin.time_zone import BROWSER_COOKIE
from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.pausing import pause_schedule
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read, read_messages, verb_url
from tests.support.factories import NOW, make_schedule, make_workflow

MODEL = "schedules_schedule"
LIST = list_url(MODEL)
NEXT_YEAR = "2099-01-01T00:00:00"


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(make_workflow(name="task_nightly"), trigger="cron", trigger_kwargs={"hour": 2})


def pause(schedule: Schedule, *, until: datetime | None = None, reason: str = "Upgrade of <NSO>") -> Schedule:
    return pause_schedule(schedule_id=schedule.pk, reason=reason, actor="ada", until=until)


def release(schedule: Schedule) -> None:
    """Let the end of a pause pass without any turn that settles it."""
    Schedule.objects.filter(pk=schedule.pk).update(paused_until=database_now() - timedelta(minutes=1))


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, "the form was taken"
    return dict(answer.context["form"].errors)


def links_of(page: str, schedule: Schedule) -> set[str]:
    verbs = ("pause", "change-pause", "resume")
    return {verb for verb in verbs if f'"{verb_url(MODEL, verb, schedule.pk)}"' in page}


def test_a_schedule_is_paused_with_a_reason_and_resumed(root: Client, schedule: Schedule) -> None:
    assert links_of(read(root.get(page_url(MODEL, schedule.pk))), schedule) == {"pause"}
    url = verb_url(MODEL, "pause", schedule.pk)
    assert "Nothing of it is fired" in read(root.get(url))
    answer = root.post(url, {"reason": "Upgrade of <NSO>", "until": ""}, follow=True)
    assert "“Nightly” is paused until somebody resumes it" in read_messages(answer)
    schedule.refresh_from_db()
    assert (schedule.state, schedule.paused_by, schedule.pause_reason) == ("paused", "root", "Upgrade of <NSO>")
    page = read(answer)
    assert "paused by root since" in page
    assert b"Upgrade of &lt;NSO&gt;" in answer.content
    assert links_of(page, schedule) == {"change-pause", "resume"}
    answer = root.post(verb_url(MODEL, "resume", schedule.pk), follow=True)
    schedule.refresh_from_db()
    assert (schedule.state, schedule.pause_reason) == ("active", "")
    assert schedule.next_run_at is not None
    assert f"it runs next at {schedule.next_run_at:%Y-%m-%d %H:%M:%S} UTC" in read_messages(answer)
    history = read(root.get(f"/admin/schedules/schedule/{schedule.pk}/history/"))
    assert "Pause" in history
    assert "Resume" in history


def test_an_end_is_typed_on_the_clocks_of_the_user(root: Client, schedule: Schedule) -> None:
    root.cookies[BROWSER_COOKIE] = "Europe/Amsterdam"
    answer = root.post(verb_url(MODEL, "pause", schedule.pk), {"reason": "x", "until": NEXT_YEAR}, follow=True)
    schedule.refresh_from_db()
    assert schedule.paused_until == datetime.fromisoformat("2098-12-31T23:00:00Z")
    assert schedule.next_run_at == datetime.fromisoformat("2099-01-01T02:00:00Z")
    assert "until 2099-01-01 00:00:00 CET" in read(answer)


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"reason": "", "until": ""}, "reason", "required"),
        ({"reason": "  ", "until": ""}, "reason", "required"),
        ({"reason": "x" * 1_001, "until": ""}, "reason", "at most 1000 characters"),
        ({"reason": "x", "until": "2001-01-01T00:00:00"}, "until", "has passed"),
        ({"reason": "x", "until": "soon"}, "until", "valid date/time"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(
    root: Client, schedule: Schedule, sent: dict[str, str], field: str, message: str
) -> None:
    paused = pause(make_schedule())
    for verb, row in (("pause", schedule), ("change-pause", paused)):
        errors = errors_of(root.post(verb_url(MODEL, verb, row.pk), sent))
        assert errors.keys() == {field}
        assert message in errors[field][0]
        assert Schedule.objects.get(pk=row.pk).version == row.version


def test_a_pause_gets_another_end_and_keeps_its_beginning(root: Client, schedule: Schedule) -> None:
    paused = pause(schedule)
    url = verb_url(MODEL, "change-pause", schedule.pk)
    assert 'value="Upgrade of <NSO>"' in read(root.get(url))
    root.post(url, {"reason": "Upgrade of <NSO>", "until": NEXT_YEAR})
    after = Schedule.objects.get()
    assert (after.paused_at, after.paused_by) == (paused.paused_at, "root")
    assert after.paused_until == datetime.fromisoformat("2099-01-01T00:00:00Z")
    assert 'value="2099-01-01T00:00:00"' in read(root.get(url))


def test_a_pause_whose_end_has_passed_is_none_any_more(root: Client, schedule: Schedule) -> None:
    pause(schedule, until=NOW)
    release(schedule)
    page = read(root.get(page_url(MODEL, schedule.pk)))
    assert links_of(page, schedule) == {"pause"}
    assert "paused by" not in page
    assert f"{Schedule.objects.get().paused_until:%Y-%m-%d %H:%M:%S} UTC" in page, "active since then"
    assert "NSO" not in read(root.get(verb_url(MODEL, "pause", schedule.pk)))


def test_a_finished_schedule_is_offered_neither_and_says_why(root: Client, db: None) -> None:
    schedule = make_schedule(next_run_at=None)
    assert links_of(read(root.get(page_url(MODEL, schedule.pk))), schedule) == set()
    errors = errors_of(root.post(verb_url(MODEL, "pause", schedule.pk), {"reason": "x"}))
    assert errors == {"__all__": ["the schedule is finished and does not run; there is nothing to pause"]}
    answer = root.post(verb_url(MODEL, "resume", schedule.pk), follow=True)
    assert "Resume: the schedule is finished" in read_messages(answer)
    assert not LogEntry.objects.exists(), "what was not done is not in the history"


def test_a_broken_schedule_is_resumed_when_it_can_be(root: Client, db: None) -> None:
    whole = make_schedule(state=ScheduleState.BROKEN, next_run_at=None, state_reason="it broke")
    assert links_of(read(root.get(page_url(MODEL, whole.pk))), whole) == {"resume"}
    assert "it runs next at" in read_messages(root.post(verb_url(MODEL, "resume", whole.pk), follow=True))
    gone = make_schedule(trigger="lunar", state=ScheduleState.BROKEN, next_run_at=None)
    answer = root.post(verb_url(MODEL, "resume", gone.pk), follow=True)
    assert "Resume: the schedule cannot go on: " in read_messages(answer)


def test_resuming_what_has_no_time_left_says_that_it_is_finished(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(trigger_kwargs={"year": 2001}, planned_through=NOW - timedelta(days=9))
    pause(schedule)
    answer = root.post(verb_url(MODEL, "resume", schedule.pk), follow=True)
    assert "“Nightly” is finished: its last instant has passed." in read_messages(answer)


@pytest.mark.parametrize("verb", ["pause", "change-pause", "resume"])
def test_pausing_needs_its_permission(login: Login, schedule: Schedule, verb: str) -> None:
    if verb != "pause":
        pause(schedule)
    url = verb_url(MODEL, verb, schedule.pk)
    operator = login("schedules.view_schedule", "schedules.change_schedule", "schedules.run_schedule")
    assert verb not in links_of(read(operator.get(page_url(MODEL, schedule.pk))), schedule)
    assert operator.get(url).status_code in {403, 405}
    before = Schedule.objects.values().get()
    assert operator.post(url, {"reason": "mine"}).status_code == 403
    assert Schedule.objects.values().get() == before
    User.objects.all().delete()
    operator = login("schedules.pause_schedule", "schedules.view_schedule")
    assert verb in links_of(read(operator.get(page_url(MODEL, schedule.pk))), schedule)
    assert operator.post(url, {"reason": "mine"}).status_code == 302
    assert Schedule.objects.get().updated_by == "operator"


def make_one_in_each_state() -> None:
    def named(name: str, **fields: Any) -> Schedule:
        return make_schedule(make_workflow(), name=name, trigger="cron", trigger_kwargs={"hour": 2}, **fields)

    named("active")
    pause(named("paused"))
    pause(named("paused until"), until=NOW)
    over = named("pause is over")
    pause(over, until=NOW)
    release(over)
    named("finished", next_run_at=None)
    named("broken", state=ScheduleState.BROKEN, next_run_at=None)


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("active", {"active", "pause is over"}),
        ("paused", {"paused", "paused until"}),
        ("finished", {"finished"}),
        ("broken", {"broken"}),
        ("asleep", set()),
    ],
)
def test_the_filter_by_state_agrees_with_the_state_that_is_shown(
    root: Client, db: None, state: str, names: set[str]
) -> None:
    make_one_in_each_state()
    rows = root.get(LIST).context["cl"].result_list
    assert {row.name for row in rows if row.shown_state == state} == names
    assert all(row.shown_state == row.current_state for row in rows)
    found = root.get(LIST, {"state__exact": state}).context["cl"].result_list
    assert {row.name for row in found} == names


def test_the_list_says_who_paused_a_schedule_and_until_when(root: Client, schedule: Schedule) -> None:
    assert "paused by" not in read(root.get(LIST))
    pause(schedule, until=NOW)
    answer = root.get(LIST)
    page = " ".join(read(answer).split())
    since = Schedule.objects.get().paused_at
    assert f"paused by ada since {since:%Y-%m-%d %H:%M:%S} UTC until 2027-03-01 09:00:00 UTC: Upgrade of <NSO>" in page
    assert b"Upgrade of &lt;NSO&gt;" in answer.content
    assert "bg-orange-100" in page
