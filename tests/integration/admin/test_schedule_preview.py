"""What a trigger will do, shown beside the form: as it is stored, as it is typed, and never written."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.previews import preview_schedule
from schedules.services import ScheduleDraft, create_schedule
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, errors_of, page_url, read, shown, typed
from tests.support.database import recorded_statements
from tests.support.factories import make_schedule, make_workflow
from workflows.models import Workflow

MODEL = "schedules_schedule"
ADD_PREVIEW = "/admin/schedules/schedule/add/preview/"
NEXT_YEAR = datetime.now(UTC).year + 1
AMSTERDAM: dict[str, Any] = {"timezone": "Europe/Amsterdam"}
# Session, user, the schedule and its workflow, the clock, and the others of the same minute.
MOST_STATEMENTS = 6


def preview_url(schedule: Schedule) -> str:
    return f"/admin/schedules/schedule/{schedule.pk}/preview/"


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly")


def store(workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any], **fields: Any) -> Schedule:
    draft = ScheduleDraft(name="Nightly", trigger=trigger, trigger_kwargs=trigger_kwargs, **AMSTERDAM, **fields)
    return create_schedule(draft=draft, workflow=workflow, actor="somebody")


def ask(client: Client, url: str = ADD_PREVIEW, **fields: object) -> tuple[str, dict[str, list[str]]]:
    """Send what the script does; return the panel and the errors."""
    answer = client.post(url, typed(**fields))
    assert answer.status_code == 200, answer.status_code
    found = answer.json()
    return found["panel"], found["errors"]


def add_all_kinds() -> dict[str, dict[str, str]]:
    part = '[{"trigger": "cron", "trigger_kwargs": {"hour": 8}}]'
    return {
        "interval": {"interval_hours": "6"},
        "cron": {"cron_crontab": "30 2 * * 1-5"},
        "date": {"date_run_date": f"{NEXT_YEAR}-03-28T02:30"},
        "calendarinterval": {"calendarinterval_months": "1", "calendarinterval_hour": "8"},
        "and": {"and_triggers": part},
        "or": {"or_triggers": part},
    }


@pytest.mark.parametrize("kind", add_all_kinds())
def test_each_kind_is_previewed_as_it_is_typed_and_nothing_is_written(root: Client, db: None, kind: str) -> None:
    with recorded_statements() as statements:
        panel, errors = ask(root, trigger=kind, name="", **add_all_kinds()[kind])
    assert errors == {}
    assert panel.count("<tr>") == (2 if kind == "date" else 11), "the head and each time"
    assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)
    assert all(statement.startswith("SELECT") for statement in statements), "\n".join(statements)
    assert not Schedule.objects.exists()


def test_times_are_shown_with_their_offset_and_in_utc(root: Client, db: None) -> None:
    fields = {"cron_hour": "2", "cron_minute": "30", "cron_start_date": f"{NEXT_YEAR}-07-01T00:00"}
    panel, _ = ask(root, trigger="cron", **AMSTERDAM, **fields)
    day = datetime(NEXT_YEAR, 7, 1, tzinfo=UTC)
    assert f"<td>{day:%a} {NEXT_YEAR}-07-01 02:30:00 +02:00</td>" in panel
    assert f"<td>{NEXT_YEAR}-07-01 00:30:00</td>" in panel
    assert "At 02:30" in panel
    assert "Europe/Amsterdam</th>" in panel


def test_times_are_on_the_clocks_of_whoever_looks_as_well(root: Client, db: None) -> None:
    fields = {"cron_hour": "2", "cron_start_date": f"{NEXT_YEAR}-07-01T00:00"}
    panel, _ = ask(root, trigger="cron", **AMSTERDAM, **fields)
    assert ">Yours</th>" not in panel, "they are UTC"
    root.cookies["chosen_time_zone"] = "Asia/Kolkata"
    panel, _ = ask(root, trigger="cron", **AMSTERDAM, **fields)
    day = datetime(NEXT_YEAR, 7, 1, tzinfo=UTC)
    assert 'title="Asia/Kolkata">Yours</th>' in panel
    assert f"<td>{day:%a} 05:30:00</td>" in panel
    root.cookies["chosen_time_zone"] = "Europe/Amsterdam"
    assert ">Yours</th>" not in ask(root, trigger="cron", **AMSTERDAM, **fields)[0], "they are those of the schedule"


@pytest.mark.parametrize(
    ("month", "minute", "words"),
    [(3, "30", "The clocks skip the planned time"), (10, "30", "The clocks show the planned time twice")],
)
def test_what_the_clocks_do_to_a_time_is_said_in_words(
    root: Client, db: None, month: int, minute: str, words: str
) -> None:
    panel, errors = ask(
        root,
        **AMSTERDAM,
        trigger="cron",
        cron_month=str(month),
        cron_day="last sun",
        cron_hour="2",
        cron_minute=minute,
    )
    assert errors == {}
    assert panel.count(words) == 10


def test_the_warnings_are_shown(root: Client, db: None) -> None:
    panel, _ = ask(root, trigger="cron", cron_day_of_week="1", cron_hour="3", spread_seconds="60")
    assert 'data-code="weekday_numbers"' in panel
    assert "Tuesday" in panel
    assert 'data-code="nominal_times"' in panel


@pytest.mark.parametrize(
    ("fields", "at", "message"),
    [
        ({"trigger": "cron", "cron_hour": "25"}, "cron_hour", "'hour' is 25"),
        ({"trigger": "cron", "cron_crontab": "61 * * * *"}, "cron_crontab", "61"),
        ({"trigger": "or", "or_triggers": "[{"}, "or_triggers", "no JSON"),
        ({"interval_hours": "1", "timezone": "Mars/Olympus"}, "timezone", "Mars/Olympus"),
        ({"interval_hours": "1", "spread_seconds": "x"}, "spread_seconds", "whole number"),
        ({"trigger": "cron", "cron_day": "30", "cron_month": "2"}, "trigger", "never_fires"),
    ],
)
def test_an_error_is_told_for_its_field_and_in_the_panel(
    root: Client, db: None, fields: dict[str, str], at: str, message: str
) -> None:
    panel, errors = ask(root, **fields)
    assert set(errors) == {at}, "neither the name nor the workflow is asked for"
    assert message in errors[at][0]
    assert "admin-error" in panel
    assert "<tr>" not in panel


def test_a_hostile_trigger_is_answered_soon_and_refused(root: Client, db: None) -> None:
    parts = (
        '[{"trigger": "interval", "trigger_kwargs": {"seconds": 86413, "start_date": "2027-01-01"}}, '
        '{"trigger": "interval", "trigger_kwargs": {"seconds": 86399, "start_date": "2027-01-01T00:00:30"}}]'
    )
    panel, errors = ask(root, trigger="and", and_triggers=parts)
    assert "never_fires" in errors["trigger"][0] + panel


def test_where_nothing_is_filled_in_yet_nothing_is_wrong(root: Client, db: None) -> None:
    panel, errors = ask(root, trigger="cron")
    assert errors == {}
    assert "Fill in cron: its next times appear here." in panel
    assert "Fill in the trigger" in read(root.get(add_url(MODEL)))


def test_the_page_of_a_schedule_shows_when_it_really_runs(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 6}, spread_seconds=86_400)
    page = read(root.get(page_url(MODEL, schedule.pk)))
    assert schedule.next_run_at is not None
    assert schedule.spread_offset, "its id gives it one"
    for fire in preview_schedule(schedule=schedule, after=None, count=10).fires:
        assert f"<td>{fire.at:%Y-%m-%d %H:%M:%S}</td>" in page
    panel, _ = ask(root, preview_url(schedule), **shown(root, schedule))
    assert f"<td>{schedule.next_run_at:%Y-%m-%d %H:%M:%S}</td>" in panel


def test_a_change_is_previewed_with_the_spread_that_the_schedule_will_have(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 6}, spread_seconds=86_400)
    fields = {"interval_hours": "", "trigger": "date", "date_run_date": f"{NEXT_YEAR}-03-01T02:30"}
    panel, errors = ask(root, preview_url(schedule), **{**shown(root, schedule), **fields})
    assert errors == {}
    due_at = datetime(NEXT_YEAR, 3, 1, 1, 30, tzinfo=UTC) + schedule.spread_offset
    assert f"<td>{due_at:%Y-%m-%d %H:%M:%S}</td>" in panel
    assert Schedule.objects.get().trigger == "interval"


def test_whoever_may_only_view_sees_the_next_times_and_no_button(login: Login, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 6})
    viewer = login("schedules.view_schedule")
    page = read(viewer.get(page_url(MODEL, schedule.pk)))
    assert f"<td>{schedule.next_run_at:%Y-%m-%d %H:%M:%S}</td>" in page
    assert "data-preview-url" not in page
    assert 'name="_preview"' not in page


def test_a_broken_schedule_shows_why_it_has_no_next_times(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(
        workflow,
        trigger="cron",
        trigger_kwargs={"hour": 99},
        state=ScheduleState.BROKEN,
        state_reason="'hour' is 99",
        next_run_at=None,
    )
    page = read(root.get(page_url(MODEL, schedule.pk)))
    assert 'data-code="broken"' in page
    assert "There is no next time." in page


class TestWithoutAScript:
    def test_the_button_shows_the_form_again_with_the_panel_and_saves_nothing(
        self, root: Client, workflow: Workflow
    ) -> None:
        sent = typed(workflow=workflow.pk, name="", trigger="cron", cron_hour="2", inputs="{", _preview="1")
        answer = root.post(add_url(MODEL), sent)
        assert errors_of(answer) == {}, "only the trigger is looked at"
        page = read(answer)
        assert "At 02:00" in page
        assert "Please correct" not in page
        assert 'value="2"' in page
        assert not Schedule.objects.exists()

    def test_what_is_wrong_stands_at_its_field(self, root: Client, workflow: Workflow) -> None:
        answer = root.post(add_url(MODEL), typed(trigger="cron", cron_hour="25", _preview="1"))
        assert set(errors_of(answer)) == {"cron_hour"}

    def test_a_valid_form_is_not_saved_either(self, root: Client, workflow: Workflow) -> None:
        before = store(workflow, "interval", {"hours": 6})
        sent = {**shown(root, before), "name": "Other", "interval_hours": "8", "_preview": "1"}
        with recorded_statements() as statements:
            page = read(root.post(page_url(MODEL, before.pk), sent))
        assert all(statement.lstrip().startswith("SELECT") for statement in statements), "\n".join(statements)
        assert "Every 8 hours" in page
        assert 'value="Other"' in page
        after = Schedule.objects.get()
        assert (after.name, after.version, after.trigger_kwargs) == ("Nightly", 1, {"hours": 6})


class TestWhoMayAsk:
    def test_whoever_may_add_may_preview_a_new_one(self, login: Login, db: None) -> None:
        assert ask(login("schedules.add_schedule"), interval_hours="1")[1] == {}

    def test_whoever_may_change_may_preview_a_change(self, login: Login, workflow: Workflow) -> None:
        schedule = store(workflow, "interval", {"hours": 6})
        assert ask(login("schedules.change_schedule"), preview_url(schedule), interval_hours="1")[1] == {}

    def test_others_may_not(self, login: Login, workflow: Workflow) -> None:
        schedule = store(workflow, "interval", {"hours": 6})
        viewer = login("schedules.view_schedule")
        assert viewer.post(ADD_PREVIEW, typed(interval_hours="1")).status_code == 403
        assert viewer.post(preview_url(schedule), typed(interval_hours="1")).status_code == 403
        sent = typed(interval_hours="1", _preview="1")
        assert viewer.post(page_url(MODEL, schedule.pk), sent).status_code == 403

    def test_anonymous_people_are_asked_to_log_in(self, client: Client, workflow: Workflow) -> None:
        assert client.post(ADD_PREVIEW, typed(interval_hours="1")).status_code == 302

    def test_the_token_against_forged_requests_is_needed(self, root: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.get())
        assert strict.post(ADD_PREVIEW, typed(interval_hours="1")).status_code == 403

    def test_a_link_previews_nothing_and_one_that_is_gone_is_not_found(self, root: Client, workflow: Workflow) -> None:
        schedule = store(workflow, "interval", {"hours": 6})
        assert root.get(ADD_PREVIEW).status_code == 405
        Schedule.objects.all().delete()
        assert root.post(preview_url(schedule), typed(interval_hours="1")).status_code == 404


def test_the_page_of_a_schedule_needs_few_statements(root: Client, workflow: Workflow) -> None:
    schedule = store(workflow, "interval", {"hours": 6})
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > database_now()
    root.get(page_url(MODEL, schedule.pk))
    with recorded_statements() as statements:
        root.get(page_url(MODEL, schedule.pk))
    assert len(statements) <= 9, "\n".join(statements)
