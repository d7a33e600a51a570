"""All six kinds of trigger, and the options beside them, from the fields of the form to the firing."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.firing import fire_due
from schedules.models import Firing, FiringOutcome, Schedule
from schedules.services import ScheduleDraft, create_schedule
from tasks.models import Task
from tests.integration.admin.support import add_url, errors_of, page_url, read, read_messages, shown, typed
from tests.support.factories import make_schedule, make_workflow
from workflows.models import Workflow

ADD = "/admin/schedules/schedule/add/"
EIGHT = {"trigger": "cron", "trigger_kwargs": {"hour": 8}}
# Triggers look ten years ahead.
NEXT_YEAR = datetime.now(UTC).year + 1
HALF_DAYS = {"trigger": "interval", "trigger_kwargs": {"hours": 12}}


@dataclass(frozen=True)
class Case:
    """What is typed for a kind and what is stored of it; what is typed over that, and what is stored then."""

    trigger: str
    fields: dict[str, str]
    stored: dict[str, Any]
    change: dict[str, str]
    changed: dict[str, Any]
    words: str
    options: dict[str, str] = field(default_factory=dict)

    def named(self, fields: dict[str, str]) -> dict[str, str]:
        return {f"{self.trigger}_{name}": value for name, value in fields.items()}


CASES = {
    "interval": Case("interval", {"hours": "6"}, {"hours": 6}, {"hours": "8"}, {"hours": 8}, "Every 6 hours"),
    "cron": Case("cron", {"hour": "2"}, {"hour": 2}, {"minute": "30"}, {"hour": 2, "minute": 30}, "At 02:00"),
    "crontab": Case(
        "cron",
        {"crontab": "30 2 * * 1-5"},
        {"crontab": "30 2 * * 1-5"},
        {"crontab": "@daily"},
        {"crontab": "@daily"},
        "At 02:30, Monday to Friday",
    ),
    "date": Case(
        "date",
        {"run_date": "2099-03-28T02:30:00"},
        {"run_date": "2099-03-28T02:30:00"},
        {"run_date": "2099-03-28T02:45"},
        {"run_date": "2099-03-28T02:45"},
        "2099",
    ),
    "calendarinterval": Case(
        "calendarinterval",
        {"months": "1", "hour": "8", "start_date": f"{NEXT_YEAR}-01-31"},
        {"months": 1, "hour": 8, "start_date": f"{NEXT_YEAR}-01-31"},
        {"months": "", "weeks": "2"},
        {"weeks": 2, "hour": 8, "start_date": f"{NEXT_YEAR}-01-31"},
        "08:00",
        options={"on_missing_day": "last_day"},
    ),
    "and": Case(
        "and",
        {"triggers": json.dumps([EIGHT, HALF_DAYS | {"trigger_kwargs": {"hours": 1}}]), "threshold_seconds": "3600"},
        {"triggers": [EIGHT, HALF_DAYS | {"trigger_kwargs": {"hours": 1}}], "threshold_seconds": 3600},
        {"threshold_seconds": "1800.5"},
        {"triggers": [EIGHT, HALF_DAYS | {"trigger_kwargs": {"hours": 1}}], "threshold_seconds": 1800.5},
        "08:00",
    ),
    "or": Case(
        "or",
        {"triggers": json.dumps([EIGHT, HALF_DAYS])},
        {"triggers": [EIGHT, HALF_DAYS]},
        {"triggers": json.dumps([HALF_DAYS, EIGHT])},
        {"triggers": [HALF_DAYS, EIGHT]},
        "08:00",
    ),
}


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_nightly")


def store(workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any], **fields: Any) -> Schedule:
    draft = ScheduleDraft(name="Nightly", trigger=trigger, trigger_kwargs=trigger_kwargs, **fields)
    return create_schedule(draft=draft, workflow=workflow, actor="somebody")


def change(client: Client, schedule: Schedule, **fields: object) -> Any:
    """Send the page of a schedule as a browser shows it, but for `fields`."""
    page = page_url("schedules_schedule", schedule.pk)
    return client.post(page, {**shown(client, schedule), **fields}, follow=True)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_kind_is_created_shown_changed_and_fired(root: Client, workflow: Workflow, case: Case) -> None:
    sent = typed(workflow=workflow.pk, trigger=case.trigger, **case.named(case.fields), **case.options)
    answer = root.post(add_url("schedules_schedule"), sent)
    assert answer.status_code == 302, errors_of(answer)
    schedule = Schedule.objects.get()
    assert (schedule.trigger, schedule.trigger_kwargs, schedule.state) == (case.trigger, case.stored, "active")
    assert schedule.next_run_at is not None
    page = read(root.get(page_url("schedules_schedule", schedule.pk)))
    assert case.words in page
    assert f"{schedule.next_run_at:%Y-%m-%d %H:%M:%S}" in page, "among the next times"

    answer = change(root, schedule, **case.named(case.change))
    assert answer.redirect_chain, errors_of(answer)
    schedule = Schedule.objects.get()
    assert (schedule.trigger_kwargs, schedule.version) == (case.changed, 2)
    assert schedule.next_run_at is not None
    planned_for = schedule.next_run_at

    fire_due(limit=10, now=planned_for)
    firing = Firing.objects.get()
    assert (firing.scheduled_for, firing.outcome) == (planned_for, FiringOutcome.STARTED)
    assert Task.objects.get().schedule_id == schedule.pk


@pytest.mark.parametrize(
    ("trigger", "trigger_kwargs"),
    [
        ("cron", {"crontab": "30 2 * * 1-5", "start_date": "2027-01-01T00:00:00"}),
        ("calendarinterval", {"months": 1.0, "start_date": "2027-01-31"}),
        ("calendarinterval", {"days": 1, "hour": 8, "start_date": "2027-01-31T05:00:00+01:00", "end_date": None}),
        (
            "and",
            {"triggers": [EIGHT, {"trigger": "interval", "trigger_kwargs": {"hours": 1}}], "threshold_seconds": 60},
        ),
        ("or", {"triggers": [{"trigger_kwargs": {"hours": 1.0}, "trigger": "interval"}, EIGHT]}),
    ],
)
def test_what_is_stored_survives_a_save_of_the_page(
    root: Client, workflow: Workflow, trigger: str, trigger_kwargs: dict[str, Any]
) -> None:
    options = {"dst_gap": "skip", "dst_fold": "both", "on_missing_day": "last_day", "spread_seconds": 300}
    before = make_schedule(
        workflow,
        trigger=trigger,
        trigger_kwargs=trigger_kwargs,
        timezone="Europe/Amsterdam",
        next_run_at=database_now() + timedelta(hours=1),
        **options,
    )
    answer = change(root, before, name="Renamed")
    assert answer.redirect_chain, errors_of(answer)
    after = Schedule.objects.get()
    assert json.dumps(after.trigger_kwargs, sort_keys=True) == json.dumps(before.trigger_kwargs, sort_keys=True)
    for name in ("trigger", "timezone", *options, "grid_start_at", "next_run_at", "planned_through", "state_since"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.name, after.version) == ("Renamed", 2)


def test_line_ends_of_a_browser_do_not_change_a_list_of_triggers(root: Client, workflow: Workflow) -> None:
    before = store(workflow, "or", {"triggers": [EIGHT, HALF_DAYS]})
    text = shown(root, before)["or_triggers"]
    assert "\n" in text
    change(root, before, or_triggers=text.replace("\n", "\r\n"))
    assert Schedule.objects.get().grid_start_at == before.grid_start_at


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("dst_gap", "skip", "skip"),
        ("dst_fold", "second", "second"),
        ("on_missing_day", "last_day", "last_day"),
        ("spread_seconds", "600", 600),
    ],
)
def test_an_option_is_stored_and_changed_and_taken_back(
    root: Client, workflow: Workflow, name: str, given: str, stored: object
) -> None:
    sent = typed(workflow=workflow.pk, trigger="cron", cron_hour="2", **{name: given})
    assert root.post(ADD, sent).status_code == 302
    schedule = Schedule.objects.get()
    assert getattr(schedule, name) == stored
    assert shown(root, schedule)[name] == given
    default = {"dst_gap": "run_after", "dst_fold": "first", "on_missing_day": "skip", "spread_seconds": ""}[name]
    assert change(root, schedule, **{name: default}).redirect_chain
    assert getattr(Schedule.objects.get(), name) == (default or 0)


def test_options_among_the_arguments_are_moved_out_of_them(root: Client, workflow: Workflow) -> None:
    parts = [{"trigger": "cron", "trigger_kwargs": {"hour": 8, "jitter": 60, "timezone": "UTC"}}, HALF_DAYS]
    answer = root.post(ADD, typed(workflow=workflow.pk, trigger="or", or_triggers=json.dumps(parts)), follow=True)
    assert answer.redirect_chain, errors_of(answer)
    schedule = Schedule.objects.get()
    assert (schedule.trigger_kwargs, schedule.spread_seconds) == ({"triggers": [EIGHT, HALF_DAYS]}, 60)
    assert "jitter" in read_messages(answer)
    assert "jitter" not in shown(root, schedule)["or_triggers"]


def nested(**kwargs: object) -> str:
    return json.dumps([EIGHT, {"trigger": "cron", "trigger_kwargs": kwargs}])


@pytest.mark.parametrize(
    ("fields", "at", "message"),
    [
        ({"trigger": "cron", "cron_crontab": "61 * * * *"}, "cron_crontab", "61"),
        ({"trigger": "cron", "cron_crontab": "@reboot"}, "cron_crontab", "@reboot"),
        ({"trigger": "cron", "cron_crontab": "30 2 * * *", "cron_hour": "2"}, "cron_hour", "crontab"),
        ({"trigger": "calendarinterval", "calendarinterval_days": "1.5"}, "calendarinterval_days", "'days' is 1.5"),
        (
            {"trigger": "calendarinterval", "calendarinterval_days": "1", "calendarinterval_hour": "24"},
            "calendarinterval_hour",
            "'hour' is 24",
        ),
        ({"trigger": "calendarinterval", "calendarinterval_hour": "8"}, "trigger", "years"),
        ({"trigger": "and", "and_triggers": nested(hour=25)}, "and_triggers", "triggers[1]: 'hour' is 25"),
        ({"trigger": "and", "and_triggers": nested(huor=2)}, "and_triggers", "did you mean 'hour'?"),
        ({"trigger": "or", "or_triggers": nested(hour=2, dst_gap="skp")}, "or_triggers", "triggers[1].trigger_kwargs"),
        ({"trigger": "or", "or_triggers": nested(hour=2, timezone="Asia/Tokyo")}, "timezone", "Asia/Tokyo"),
        ({"trigger": "or", "or_triggers": "[{"}, "or_triggers", "no JSON that can be read"),
        ({"trigger": "or", "or_triggers": "{}"}, "or_triggers", "give a list"),
        (
            {"trigger": "or", "or_triggers": '[{"trigger": ["cron"], "trigger_kwargs": {}}]'},
            "or_triggers",
            "unknown trigger '['cron']'",
        ),
        ({"trigger": "or", "or_triggers": "[NaN]"}, "or_triggers", "cannot be stored"),
        ({"trigger": "or", "or_triggers": '["\\ud800"]'}, "or_triggers", "cannot be stored"),
        ({"trigger": "or", "or_triggers": "[" * 50_000}, "or_triggers", "at most 100 levels"),
        ({"trigger": "or", "or_triggers": "[" * 120 + "]" * 120}, "or_triggers", "at most 100 levels"),
        (
            {"trigger": "and", "and_triggers": nested(hour=8), "and_threshold_seconds": "3601"},
            "and_threshold_seconds",
            "",
        ),
        ({"interval_hours": "1", "spread_seconds": "86401"}, "spread_seconds", "86400"),
        ({"interval_hours": "1", "spread_seconds": "-1"}, "spread_seconds", "0"),
        ({"interval_hours": "1", "spread_seconds": "1.5"}, "spread_seconds", "whole number"),
        ({"interval_hours": "1", "dst_gap": "never"}, "dst_gap", "never is not one of the available choices"),
        ({"trigger": "cron", "cron_day": "30", "cron_month": "2"}, "trigger", "never_fires"),
    ],
)
def test_an_error_stands_at_the_field_at_fault(
    root: Client, workflow: Workflow, fields: dict[str, str], at: str, message: str
) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, **fields))
    assert message in " ".join(errors_of(answer)[at])
    assert set(errors_of(answer)) == {at}
    assert not Schedule.objects.exists()


def test_after_saving_the_warnings_are_told(root: Client, workflow: Workflow) -> None:
    sent = typed(workflow=workflow.pk, trigger="cron", cron_day_of_week="1", cron_hour="3")
    answer = root.post(ADD, sent, follow=True)
    assert "Tuesday" in read_messages(answer)
    assert "Tuesday" in read_messages(change(root, Schedule.objects.get(), name="Renamed"))


def test_a_trigger_of_which_nothing_is_odd_is_saved_without_a_warning(root: Client, workflow: Workflow) -> None:
    answer = root.post(ADD, typed(workflow=workflow.pk, interval_hours="1"), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["success"]


def test_options_that_were_stored_among_the_arguments_are_moved_out_by_a_save(root: Client, workflow: Workflow) -> None:
    schedule = make_schedule(
        workflow,
        trigger="cron",
        trigger_kwargs={"hour": 2, "jitter": 60},
        trigger_text="cron[hour='2']",
        next_run_at=database_now() + timedelta(hours=1),
    )
    answer = change(root, schedule, name="Renamed")
    assert answer.redirect_chain, errors_of(answer)
    after = Schedule.objects.get()
    assert (after.name, after.trigger_kwargs, after.spread_seconds) == ("Renamed", {"hour": 2}, 60)


def test_a_nightly_time_in_a_gap_runs_after_it(root: Client, workflow: Workflow) -> None:
    end_of_march = datetime(NEXT_YEAR, 3, 31, tzinfo=UTC)
    clocks_change_on = end_of_march - timedelta(days=end_of_march.isoweekday() % 7)
    sent = typed(
        workflow=workflow.pk,
        timezone="Europe/Amsterdam",
        trigger="cron",
        cron_hour="2",
        cron_minute="30",
        cron_start_date=f"{clocks_change_on:%Y-%m-%d}T00:00:00",
    )
    assert root.post(ADD, sent).status_code == 302
    assert Schedule.objects.get().next_run_at == clocks_change_on.replace(hour=1)
