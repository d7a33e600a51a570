from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState
from schedules.running import run_schedule_now
from schedules.services import delete_schedule
from tasks.models import EngineFreeze, Task
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read, read_messages, verb_url
from tests.support.factories import HOUR, make_schedule, make_workflow

MODEL = "schedules_schedule"


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(
        make_workflow(name="task_nightly"),
        name="Nightly <sync>",
        trigger="cron",
        trigger_kwargs={"hour": 2},
        timezone="America/New_York",
        next_run_at=datetime.fromisoformat("2099-07-01T06:00:00Z"),
    )


def test_the_list_shows_what_an_operator_looks_for(root: Client, schedule: Schedule) -> None:
    make_schedule(name="It broke", state=ScheduleState.BROKEN, next_run_at=None)
    page = read(root.get(list_url(MODEL)))
    for shown in ("Nightly <sync>", "At 02:00 every day, America/New_York", "task_nightly", "2099-07-01 06:00:00 UTC"):
        assert shown in page
    assert "bg-green-100" in page, "active"
    assert "bg-red-100" in page, "broken"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "nIGHTLY"}, {"Nightly <sync>"}),
        ({"q": "task_nightly"}, {"Nightly <sync>"}),
        ({"trigger": "interval"}, {"Hourly"}),
        ({"state__exact": "finished"}, {"Hourly"}),
        ({"q": "no such"}, set()),
    ],
)
def test_the_list_is_searched_and_filtered(
    root: Client, schedule: Schedule, query: dict[str, str], found: set[str]
) -> None:
    make_schedule(name="Hourly", next_run_at=None)
    answer = root.get(list_url(MODEL), query)
    assert {row.name for row in answer.context["cl"].result_list} == found


def test_the_page_shows_state_times_people_and_links(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(state=ScheduleState.BROKEN, next_run_at=None, state_reason="its code is gone")
    page = read(root.get(page_url(MODEL, schedule.pk)))
    words = (">At 02:00 every day, America/New_York<", "cron[hour='2']")
    for shown in (*words, "broken", "its code is gone", "2099-07-01 05:00:00 UTC by a test", "(version 1)"):
        assert shown in page
    for model in ("schedules_firing", "tasks_task"):
        assert f'href="{list_url(model)}?schedule_id={schedule.pk}"' in page


def test_times_are_in_the_zone_of_the_installation_and_name_it(root: Client, schedule: Schedule) -> None:
    with timezone.override("Europe/Amsterdam"), override_settings(TIME_ZONE="Europe/Amsterdam"):
        page = read(root.get(page_url(MODEL, schedule.pk)))
    assert "2099-07-01 08:00:00 CEST; in America/New_York 2099-07-01 02:00:00 EDT" in page


def test_the_links_lead_to_what_this_schedule_did(root: Client, schedule: Schedule) -> None:
    task = run_schedule_now(schedule=schedule, actor="a test")
    run_schedule_now(schedule=make_schedule(name="Other"), actor="a test")
    for model in ("schedules_firing", "tasks_task"):
        answer = root.get(list_url(model), {"schedule_id": str(schedule.pk)})
        assert [row.schedule_id for row in answer.context["cl"].result_list] == [task.schedule_id]
        assert "Nightly <sync>" in read(answer)


def test_a_link_with_a_broken_id_is_no_error_of_the_server(root: Client, schedule: Schedule) -> None:
    answer = root.get(list_url("tasks_task"), {"schedule_id": "x"})
    assert (answer.status_code, answer["Location"]) == (302, f"{list_url('tasks_task')}?e=1")


def test_run_now_starts_the_task_and_links_to_it(login: Login, schedule: Schedule) -> None:
    operator = login("schedules.view_schedule", "schedules.run_schedule", "tasks.view_task")
    assert "Run now" in read(operator.get(page_url(MODEL, schedule.pk)))
    answer = operator.post(verb_url(MODEL, "run", schedule.pk), follow=True)
    task = Task.objects.get()
    assert (task.reporter, task.schedule_id) == ("operator", schedule.pk)
    assert page_url("tasks_task", task.pk) in read_messages(answer)
    assert "“Nightly <sync>”" in read(answer), "the name is escaped"
    firing = Firing.objects.get()
    assert (firing.cause, firing.outcome, firing.task_id) == (FiringCause.MANUAL, FiringOutcome.STARTED, task.pk)


def test_deleting_keeps_firings_and_tasks_and_settles_what_was_due(root: Client, schedule: Schedule) -> None:
    task = run_schedule_now(schedule=schedule, actor="a test")
    due = database_now() - timedelta(days=1)
    Schedule.objects.update(next_run_at=due, planned_through=due - timedelta(days=1))
    url = f"/admin/schedules/schedule/{schedule.pk}/delete/"
    question = read(root.get(url))
    assert "Firings and tasks stay" in question
    assert root.post(url, {"post": "yes"}).status_code == 302
    assert not Schedule.objects.exists()
    assert Task.objects.get() == task
    missed = Firing.objects.filter(outcome=FiringOutcome.MISSED)
    assert {firing.reason for firing in missed} == {"root deleted the schedule before this instant was fired"}
    assert Firing.objects.filter(task_id=task.pk).exists()


def test_deleting_one_that_somebody_else_has_just_deleted_is_no_error(
    root: Client, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_it_first(*, schedule_id: UUID, actor: str) -> None:
        for _ in range(2):
            delete_schedule(schedule_id=schedule_id, actor=actor)

    monkeypatch.setattr("schedules.admin.schedules.delete_schedule", delete_it_first)
    assert root.post(f"/admin/schedules/schedule/{schedule.pk}/delete/", {"post": "yes"}).status_code == 302


def test_a_page_of_a_schedule_that_is_gone_says_so(root: Client, schedule: Schedule) -> None:
    delete_schedule(schedule_id=schedule.pk, actor="a test")
    answer = root.get(page_url(MODEL, schedule.pk), follow=True)
    assert "Perhaps it was deleted?" in read_messages(answer)
    assert root.post(verb_url(MODEL, "run", schedule.pk)).status_code == 404


def test_what_passes_in_a_freeze_is_told_on_the_page(root: Client, db: None) -> None:
    begin = database_now() - HOUR
    schedule = make_schedule(next_run_at=begin)
    url = page_url(MODEL, schedule.pk)
    assert "skipped_frozen" not in read(root.get(url))
    EngineFreeze.objects.create(started_at=begin, started_by="ada", reason="maintenance", in_force=True)
    page = read(root.get(url))
    assert "2 from " in page
    assert "skipped_frozen: the engine was frozen by ada since" in page


def test_whoever_may_only_look_reads_the_words_of_the_form(login: Login, db: None) -> None:
    page = read(login("schedules.view_schedule").get(page_url("schedules_schedule", make_schedule().pk)))
    for label in ("When the clocks skip it", "After an outage", "While a task has not ended", "Spread over seconds"):
        assert label in page
    assert "Overlap policy" not in page
