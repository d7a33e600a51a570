"""The page that explains why a schedule fires or not."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState
from schedules.pausing import pause_schedule
from tasks.freezing import freeze_engine
from tasks.models import Task
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read
from tests.integration.schedules.explained import deleted, hourly, nightly, turn
from tests.integration.schedules.explanation_table import NINE
from tests.support.factories import HOUR, make_schedule

UNKNOWN_ID = "0196f2a0-0000-7000-8000-000000000000"
ANSWER = 'id="explanation"'


@pytest.fixture
def fired(db: None) -> Schedule:
    return turn(hourly(name="Nightly <sync>"))


def url(schedule: Schedule) -> str:
    return reverse("admin:schedules_schedule_explain", args=[schedule.pk])


def test_the_page_of_a_schedule_leads_to_it(root: Client, fired: Schedule) -> None:
    assert f'href="{url(fired)}"' in read(root.get(page_url("schedules_schedule", fired.pk)))


def test_it_shows_the_verdict_the_checks_and_where_to_look(root: Client, fired: Schedule) -> None:
    answer = root.get(url(fired), {"at": NINE})
    page = read(answer)
    for shown in (
        "Nightly <sync> at 2027-03-01 09:00:00 UTC",
        "A task was started for it at 2027-03-01 09:00:00 UTC",
        "The task is created on the queue",
        "What has to be so for it to fire",
        page_url("tasks_task", Task.objects.get().pk),
        "/admin/schedules/firing/",
        'value="2027-03-01T09:00:00"',
        'type="datetime-local"',
        f"{url(fired)}?at=2027-03-01T10%3A00%3A00%2B00%3A00",
    ):
        assert shown in page, shown
    assert "<sync>" not in answer.content.decode()


def test_without_a_moment_it_explains_now(root: Client, fired: Schedule) -> None:
    assert ANSWER in read(root.get(url(fired)))
    assert ANSWER in read(root.get(url(fired), {"at": ""}))


def test_the_form_takes_what_the_clocks_of_the_schedule_show(root: Client) -> None:
    page = read(root.get(url(nightly("2027-03-28T01:00:00Z")), {"at": "2027-03-28T02:30"}))
    assert "Moment on the clocks of Europe/Amsterdam" in page
    assert 'value="2027-03-28T03:00:00"' in page


def test_what_is_no_moment_is_an_error_of_its_field(root: Client, fired: Schedule) -> None:
    page = read(root.get(url(fired), {"at": "soon"}))
    assert "'at' is 'soon'; give an ISO 8601 moment" in page
    assert ANSWER not in page


def test_a_deleted_schedule_is_explained_and_one_that_never_was_is_not(root: Client, fired: Schedule) -> None:
    assert "A task was started for it" in read(root.get(url(deleted(fired)), {"at": NINE}))
    assert root.get(f"/admin/schedules/schedule/{UNKNOWN_ID}/explain/").status_code == 404


def test_a_stranger_sees_nothing(login: Login, fired: Schedule) -> None:
    assert login("tasks.view_task").get(url(fired)).status_code == 403


def test_a_viewer_of_schedules_sees_neither_firing_nor_task(login: Login, fired: Schedule) -> None:
    page = read(login("schedules.view_schedule").get(url(fired), {"at": NINE}))
    assert "A task was started for it" in page
    assert "/admin/tasks/task/" not in page
    assert "/admin/schedules/firing/" not in page


def picks_of(answer: Any) -> dict[str, list[str]]:
    picks = answer.context["picks"]
    return {name: [pick.words for pick in getattr(picks, name)] for name in ("quick", "recent", "coming")}


def test_moments_are_offered_that_passed_and_that_come(root: Client, fired: Schedule) -> None:
    picks = picks_of(root.get(url(fired)))
    assert picks["quick"] == ["The last time", "The next time", "Now"]
    assert picks["recent"] == ["Mon 2027-03-01 09:00:00 UTC"]
    assert picks["coming"][0] == "Mon 2027-03-01 10:00:00 UTC"
    assert len(picks["coming"]) == 5


def test_the_last_one_that_did_not_run_is_one_click_away(root: Client, fired: Schedule) -> None:
    Firing.objects.update(outcome=FiringOutcome.SKIPPED_PREDICATE, reason="not on a Monday")
    answer = root.get(url(fired))
    assert "The last that did not run" in picks_of(answer)["quick"]
    [pick] = [pick for pick in answer.context["picks"].quick if pick.words == "The last that did not run"]
    page = read(root.get(pick.url))
    assert "It did not run" in page
    assert "not on a Monday" in page


def test_what_passed_is_offered_to_those_who_may_see_firings(login: Login, fired: Schedule) -> None:
    picks = picks_of(login("schedules.view_schedule").get(url(fired)))
    assert picks["recent"] == []
    assert picks["quick"] == ["The next time", "Now"]


def test_checks_say_in_words_and_by_a_symbol_whether_they_passed(root: Client, db: None) -> None:
    page = read(root.get(url(nightly("2027-03-28T01:00:00Z")), {"at": "2027-03-29T05:00"}))
    assert page.count('data-result="fail"') == 1
    assert 'data-check="trigger" data-result="fail"' in page
    for symbol, word in (("cancel", "fail"), ("check_circle", "pass"), ("help", "unknown")):
        assert re.search(rf'aria-hidden="true">{symbol}</span><span>{word}', page), word


class TestNextSteps:
    def steps(self, client: Client, schedule: Schedule, **query: str) -> dict[str, str]:
        return {step.words: step.url for step in client.get(url(schedule), query).context["next_steps"]}

    def test_a_pause_can_be_ended_right_there(self, login: Login, db: None) -> None:
        schedule = make_schedule(next_run_at=now() + HOUR)
        pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada")
        view = ("schedules.view_schedule",)
        operator = login(*view, "schedules.pause_schedule")
        steps = self.steps(operator, schedule)
        assert set(steps) == {"Resume the schedule", "Change the pause"}
        assert f'<form method="post" action="{steps["Resume the schedule"]}">' in read(operator.get(url(schedule)))
        operator.post(steps["Resume the schedule"])
        assert Schedule.objects.get().state == ScheduleState.ACTIVE

    def test_who_may_do_nothing_is_offered_nothing(self, login: Login, db: None) -> None:
        schedule = make_schedule(next_run_at=now() + HOUR)
        pause_schedule(schedule_id=schedule.pk, reason="upgrade", actor="ada")
        assert self.steps(login("schedules.view_schedule"), schedule) == {}

    def test_a_time_that_was_skipped_leads_to_a_backfill_of_it_alone(self, root: Client, fired: Schedule) -> None:
        root.cookies["chosen_time_zone"] = "Europe/Amsterdam"
        Firing.objects.update(outcome=FiringOutcome.SKIPPED_OVERLAP, reason="the task before had not ended")
        steps = self.steps(root, fired, at=NINE)
        assert set(steps) == {"Look at its tasks", "Change its settings", "Run this time again"}
        page = read(root.get(steps["Run this time again"]))
        assert 'value="2027-03-01T10:00:00"' in page
        assert 'value="2027-03-01T10:00:01"' in page
        assert "On the clocks of Europe/Amsterdam." in page

    def test_a_freeze_leads_to_the_engine(self, root: Client, db: None) -> None:
        schedule = make_schedule(next_run_at=now() + HOUR)
        freeze_engine(reason="maintenance", actor="ada")
        assert self.steps(root, schedule) == {"Look at the freeze of the engine": list_url("tasks_enginefreeze")}

    def test_what_ran_needs_nothing(self, root: Client, fired: Schedule) -> None:
        assert self.steps(root, fired, at=NINE) == {}
