"""The list of schedules: what its columns say, how it is filtered, and what is done from a row."""

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.clock import database_now
from schedules.initial import INITIAL_SCHEDULES
from schedules.models import FiringOutcome, Schedule
from schedules.pausing import pause_schedule
from schedules.recent_outcomes import MAX_SHOWN
from tasks.freezing import freeze_engine
from tasks.models import Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, list_url, page_url, read, read_messages, verb_url
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW, make_schedule, make_task, make_workflow
from workflows.models import Workflow

MODEL = "schedules_schedule"
LIST = list_url(MODEL)
VIEW = "schedules.view_schedule"


@pytest.fixture
def schedule(db: None) -> Schedule:
    return make_schedule(make_workflow(name="task_nightly"), name="Nightly", next_run_at=database_now() + HOUR)


def names_of(answer: Any) -> set[str]:
    return {row.name for row in answer.context["cl"].result_list}


def cell(page: str, name: str) -> str:
    """Return the text of a cell of the only row."""
    found = re.findall(rf'<t[hd][^>]*class="field-{name}"[^>]*>(.*?)</t[hd]>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[-1]).split())


def marks(page: str) -> list[tuple[str, str]]:
    """Return the marks of the strip: how each looks, and what it says."""
    return re.findall(r'<span class="spark spark-(\w+)" title="([^"]*)">', page)


def test_the_strip_shows_the_last_outcomes_and_the_fate_of_their_tasks(root: Client, schedule: Schedule) -> None:
    outcomes = {
        TaskStatus.COMPLETED: "good",
        TaskStatus.FAILED: "bad",
        TaskStatus.API_UNAVAILABLE: "bad",
        TaskStatus.INCONSISTENT_DATA: "bad",
        TaskStatus.RUNNING: "busy",
        TaskStatus.ABORTED: "odd",
    }
    for hour, status in enumerate(outcomes):
        task = make_task(schedule.workflow, status=status)
        make_firing(schedule, scheduled_for=NOW + hour * HOUR, task_id=task.pk)
    make_firing(schedule, scheduled_for=NOW + 7 * HOUR, outcome=FiringOutcome.MISSED, reason="<down>")
    make_firing(schedule, scheduled_for=NOW + 8 * HOUR, outcome=FiringOutcome.ERROR, reason="no code")
    answer = root.get(LIST)
    page = read(answer)
    assert [look for look, _ in marks(page)] == [*outcomes.values(), "odd", "bad"]
    assert marks(page)[1][1].endswith("UTC: started, its task is failed")
    assert b"missed, &lt;down&gt;" in answer.content
    assert "last 8: 3 started, 3 task failed, 1 missed, 1 error" in cell(page, "last_outcomes")


def test_the_strip_holds_the_latest_and_no_other_schedules(root: Client, schedule: Schedule) -> None:
    other = make_schedule(name="Other")
    for hour in range(MAX_SHOWN + 3):
        make_firing(schedule, scheduled_for=NOW + hour * HOUR, reason=f"number {hour}")
    make_firing(other)
    page = read(root.get(LIST, {"name": "nightly"}))
    told = [title.rsplit(" ", 1)[1] for _, title in marks(page)]
    assert told == [str(hour) for hour in range(3, MAX_SHOWN + 3)]
    assert len(marks(read(root.get(LIST)))) == MAX_SHOWN + 1


def test_the_strip_needs_the_permissions_for_what_it_tells(login: Login, schedule: Schedule) -> None:
    task = make_task(schedule.workflow, status=TaskStatus.FAILED)
    make_firing(schedule, task_id=task.pk)
    assert "Last outcomes" not in read(login(VIEW).get(LIST))
    User.objects.all().delete()
    page = read(login(VIEW, "schedules.view_firing").get(LIST))
    assert [look for look, _ in marks(page)] == ["good"]
    assert "failed" not in cell(page, "last_outcomes")


def test_a_pause_is_explained_where_one_sees_it(root: Client, schedule: Schedule) -> None:
    until = database_now().replace(microsecond=0) + 30 * HOUR
    pause_schedule(schedule_id=schedule.pk, reason="Upgrade of <NSO>", actor="ada", until=until)
    answer = root.get(LIST)
    assert cell(answer.content.decode(), "state_cell") == (
        f"paused by ada until {until:%Y-%m-%d %H:%M:%S} UTC Upgrade of &lt;NSO&gt;"
    )
    pause_schedule(schedule_id=schedule.pk, reason="Upgrade", actor="ada")
    assert cell(read(root.get(LIST)), "state_cell") == "paused by ada until it is resumed Upgrade"


@pytest.mark.parametrize(
    ("state", "why"), [("broken", "its code is gone"), ("finished", "its last instant has passed")]
)
def test_what_does_not_run_says_why(root: Client, schedule: Schedule, state: str, why: str) -> None:
    Schedule.objects.update(state=state, state_reason=why, next_run_at=None)
    assert cell(read(root.get(LIST)), "state_cell") == f"{state} {why}"


def test_a_freeze_holds_what_would_run_before_it_ends(root: Client, schedule: Schedule) -> None:
    assert cell(read(root.get(LIST)), "state_cell") == "active"
    soon, late = database_now() + timedelta(minutes=30), database_now() + 2 * HOUR
    freeze_engine(reason="maintenance", actor="grace", until=soon)
    assert cell(read(root.get(LIST)), "state_cell") == "active", "it runs after that"
    freeze_engine(reason="maintenance", actor="grace", until=late)
    page = read(root.get(LIST))
    assert cell(page, "state_cell").startswith("frozen by grace until ")
    assert cell(page, "next_run").endswith(" held")
    freeze_engine(reason="maintenance", actor="grace")
    assert cell(read(root.get(LIST)), "state_cell") == "frozen by grace until it is unfrozen"
    pause_schedule(schedule_id=schedule.pk, reason="Upgrade", actor="ada")
    assert cell(read(root.get(LIST)), "state_cell").startswith("paused by ada")


def test_the_next_run_is_told_from_now_and_in_both_zones(root: Client, schedule: Schedule) -> None:
    moment = (database_now() + 5 * HOUR + timedelta(seconds=30)).replace(microsecond=0)
    Schedule.objects.update(next_run_at=moment, timezone="Asia/Kolkata")
    shown = cell(read(root.get(LIST)), "next_run")
    local = moment + timedelta(hours=5, minutes=30)
    assert shown.startswith("in 5 h")
    assert f"{moment:%Y-%m-%d %H:%M:%S} UTC · {local:%Y-%m-%d %H:%M:%S} IST (Asia/Kolkata)" in shown
    Schedule.objects.update(next_run_at=database_now() - HOUR, planned_through=database_now() - 2 * HOUR)
    assert "due, not fired yet" in cell(read(root.get(LIST)), "next_run")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "active"}, {"Nightly"}),
        ({"state": "finished"}, {"Hourly"}),
        ({"state__exact": "finished"}, {"Hourly"}),
        ({"trigger": "cron"}, {"Hourly"}),
        ({"workflow_name": "task_nightly"}, {"Nightly"}),
        ({"workflow_name": "task"}, set()),
        ({"name": "OUR"}, {"Hourly"}),
        ({"timezone": "Asia/Kolkata"}, {"Hourly"}),
        ({"created_by": "grace"}, {"Hourly"}),
        ({"next_run_from": "2000-01-01T00:00"}, {"Nightly"}),
        ({"next_run_to": "2000-01-01T00:00"}, set()),
        ({"next_run_from": "2000-01-01T00:00", "state": "finished"}, set()),
        ({"state": "asleep"}, set()),
        ({"next_run_from": "soon"}, set()),
        ({"state": "", "name": "", "trigger": ""}, {"Nightly", "Hourly"}),
        ({"q": "minute='5'"}, {"Hourly"}),
    ],
)
def test_filters_have_the_names_and_values_of_the_api(
    root: Client, schedule: Schedule, query: dict[str, str], found: set[str]
) -> None:
    make_schedule(
        name="Hourly",
        next_run_at=None,
        trigger="cron",
        trigger_kwargs={"minute": 5},
        timezone="Asia/Kolkata",
        created_by="grace",
    )
    assert names_of(root.get(LIST, query)) == found


def test_what_cannot_be_filtered_by_is_said_at_its_field(root: Client, schedule: Schedule) -> None:
    page = read(root.get(LIST, {"state": "asleep"}))
    assert "'asleep' is not known; known are active, paused, finished, broken" in page
    assert re.search(r'<details class="schedule-filters"[^>]* open>', page)


def test_an_id_is_searched_for(root: Client, schedule: Schedule) -> None:
    make_schedule(name="Other")
    for wanted in (schedule.pk, schedule.workflow.pk):
        assert names_of(root.get(LIST, {"q": str(wanted)})) == {"Nightly"}


def test_what_is_done_from_a_row_goes_back_to_the_same_place(root: Client, schedule: Schedule) -> None:
    place = f"{LIST}?state=active&o=4"
    page = read(root.get(place))
    assert f'name="back" value="{place}"' in page
    url = verb_url(MODEL, "run", schedule.pk)
    assert f'formaction="{url}"' in page
    answer = root.post(url, {"back": place})
    assert answer["Location"] == place
    assert Task.objects.get().schedule_id == schedule.pk
    asking = f"{verb_url(MODEL, 'pause', schedule.pk)}?{urlencode({'back': place})}"
    assert f'href="{html.escape(asking)}"' in root.get(place).content.decode()
    assert f'href="{place}"' in read(root.get(asking)), "the way back from the form"
    assert root.post(asking, {"reason": "x", "until": ""})["Location"] == place


@pytest.mark.parametrize(
    "back", ["https://evil.example/admin/", "//evil.example/admin/", "/api/docs", "javascript:alert(1)"]
)
def test_only_pages_of_the_admin_are_gone_back_to(root: Client, schedule: Schedule, back: str) -> None:
    answer = root.post(verb_url(MODEL, "run", schedule.pk), {"back": back})
    assert answer["Location"] == page_url(MODEL, schedule.pk)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("active", {"run", "pause", "run-with-inputs", "duplicate"}),
        ("paused", {"run", "resume", "run-with-inputs", "change-pause", "duplicate"}),
        ("broken", {"run", "resume", "run-with-inputs", "duplicate"}),
        ("finished", {"run", "run-with-inputs", "duplicate"}),
    ],
)
def test_a_row_offers_what_its_state_allows(root: Client, schedule: Schedule, state: str, offered: set[str]) -> None:
    if state == "paused":
        pause_schedule(schedule_id=schedule.pk, reason="Upgrade", actor="ada")
    elif state != "active":
        Schedule.objects.update(state=state, next_run_at=None)
    page = root.get(LIST).content.decode()
    found = set(re.findall(rf'(?:href|formaction)="/admin/schedules/schedule/{schedule.pk}/([\w-]+)/', page))
    assert found - {"change", "explain", "firings"} == offered


def test_a_viewer_is_offered_what_only_looks(login: Login, schedule: Schedule) -> None:
    page = login(VIEW).get(LIST).content.decode()
    found = set(re.findall(rf'(?:href|formaction)="/admin/schedules/schedule/{schedule.pk}/([\w-]+)/', page))
    assert found == {"change", "explain"}
    assert "formaction" not in page


def test_a_workflow_that_the_user_may_not_start_is_not_offered(login: Login, db: None) -> None:
    make_schedule(make_workflow(options={"authorize_callback": lambda _user: False}))
    page = read(login(VIEW, "schedules.run_schedule").get(LIST))
    assert "Run now: " not in page
    assert "/run-with-inputs/" not in page


def test_the_rows_alone_are_answered_when_the_page_asks_for_them(root: Client, schedule: Schedule) -> None:
    whole = read(root.get(LIST, {"state": "active"}))
    assert 'data-live="15"' in whole
    assert f'hx-get="{LIST}?state=active"' in whole
    part = read(root.get(LIST, {"state": "active"}, headers={"HX-Request": "true"}))
    assert part.strip().startswith('<div id="schedule-rows"')
    assert "Nightly" in part
    assert "<html" not in part


def test_a_list_that_a_filter_empties_says_by_what(root: Client, schedule: Schedule) -> None:
    page = " ".join(read(root.get(LIST, {"q": "zzz", "state": "paused"})).split())
    assert "Nothing found" in page
    assert "search: <strong>zzz</strong>" in page
    assert "State: <strong>paused</strong>" in page
    assert 'href="?">Clear search and filters' in page
    assert "Load the initial schedules" not in page


def test_an_empty_site_is_told_what_a_schedule_is_and_loads_the_initial_ones(root: Client, db: None) -> None:
    page = read(root.get(LIST))
    assert "A schedule says when a workflow runs" in page
    for initial in INITIAL_SCHEDULES:
        assert initial.name in page
        assert str(initial.purpose) in page
    assert f'href="{add_url(MODEL)}"' in page
    assert not Schedule.objects.exists()
    for each in INITIAL_SCHEDULES[1:]:
        Workflow.objects.get_or_create(name=each.workflow_name, defaults={"target": "SYSTEM", "is_task": True})
    Workflow.objects.filter(name=INITIAL_SCHEDULES[0].workflow_name).delete()
    told = read_messages(root.post(f"{LIST}load-initial/", follow=True))
    assert "4 schedules were loaded." in told
    assert f"{INITIAL_SCHEDULES[0].name}: its workflow is not there" in told
    assert {each.created_by for each in Schedule.objects.all()} == {"root"}
    assert "0 schedules were loaded." in read_messages(root.post(f"{LIST}load-initial/", follow=True))


def test_loading_needs_the_permission_to_add_and_a_post(login: Login, root: Client, db: None) -> None:
    viewer = login(VIEW)
    page = read(viewer.get(LIST))
    assert "A schedule says when a workflow runs" in page
    assert "Load the initial schedules" not in page
    assert "/add/" not in page
    assert viewer.post(f"{LIST}load-initial/").status_code == 403
    assert root.get(f"{LIST}load-initial/").status_code == 405
    assert not Schedule.objects.exists()


def test_a_module_that_fails_does_not_keep_the_others_from_being_loaded(
    root: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*, actor: str) -> Any:
        yield from ()
        raise ImportError("no module named 'theirs'")

    monkeypatch.setattr("schedules.admin.loading.load_initial_schedules", fail)
    told = read_messages(root.post(f"{LIST}load-initial/", follow=True))
    assert "an app's own schedules: ImportError: no module named 'theirs'" in html.unescape(told)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("schedules_firing", "A firing is what became of one planned time"),
        ("tasks_task", "A task is one run of a workflow"),
        ("workflows_product", "A product is what is sold"),
    ],
)
def test_other_empty_lists_say_what_would_be_in_them(root: Client, db: None, model: str, words: str) -> None:
    assert words in read(root.get(list_url(model)))
    found = read(root.get(list_url(model), {"q": "zzz"}))
    assert words not in found
    assert "search: <strong>zzz</strong>" in found


def test_filters_of_other_lists_are_named_when_they_find_nothing(root: Client, db: None) -> None:
    page = read(root.get(list_url("schedules_firing"), {"outcome__exact": "missed", "planned": "today"}))
    for shown in ("<strong>missed</strong>", "planned for: <strong>Today</strong>"):
        assert shown.lower() in page.lower()


def test_the_list_asks_nothing_per_row(root: Client, schedule: Schedule) -> None:
    root.get(LIST)
    with recorded_statements() as of_one:
        root.get(LIST)
    for number in range(49):
        other = make_schedule(make_workflow(), name=f"Other {number}")
        make_firing(other, task_id=make_task(other.workflow).pk)
    with recorded_statements() as of_fifty:
        assert len(root.get(LIST).context["cl"].result_list) == 50
    assert len(of_fifty) == len(of_one)


def test_a_copy_opens_the_form_and_stores_nothing(root: Client, db: None) -> None:
    original = make_schedule(
        name="Nightly <sync>",
        trigger="cron",
        trigger_kwargs={"crontab": "30 2 * * 1-5", "end_date": "2090-01-01T00:00:00"},
        timezone="Asia/Kolkata",
        dst_gap="skip",
        spread_seconds=60,
        inputs={"region": "north"},
        overlap_policy="queue_one",
        pause_after_failures=3,
        misfire_window_seconds=None,
    )
    answer = root.get(verb_url(MODEL, "duplicate", original.pk), follow=True)
    form = answer.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    assert values["name"] == "Nightly <sync> (copy)"
    assert str(values["workflow"]) == str(original.workflow.pk)
    assert values["cron_crontab"] == "30 2 * * 1-5"
    assert (values["timezone"], values["dst_gap"], values["spread_seconds"]) == ("Asia/Kolkata", "skip", 60)
    assert (values["overlap_policy"], values["pause_after_failures"]) == ("queue_one", 3)
    assert values["misfire_window_seconds"] is None
    assert b"(copy)" in answer.content
    assert Schedule.objects.count() == 1


def test_a_copy_that_is_saved_is_like_the_original(root: Client, db: None) -> None:
    original = make_schedule(
        trigger="cron",
        trigger_kwargs={"hour": 2, "minute": 30},
        inputs={"region": "north"},
        timezone="Asia/Kolkata",
        overlap_policy="allow",
        next_run_at=datetime.fromisoformat("2099-07-01T06:00:00Z"),
    )
    form = root.get(verb_url(MODEL, "duplicate", original.pk), follow=True).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in values.items()}
    assert root.post(add_url(MODEL), sent).status_code == 302
    copy = Schedule.objects.exclude(pk=original.pk).get()
    for name in ("trigger", "timezone", "inputs", "overlap_policy", "misfire_policy", "spread_seconds", "trigger_text"):
        assert getattr(copy, name) == getattr(original, name), name
    assert copy.workflow == original.workflow
    assert (copy.name, copy.created_by) == ("Nightly (copy)", "root")


def test_a_trigger_that_the_fields_cannot_hold_is_left_out_and_said(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(trigger="interval", trigger_kwargs={"hours": 1, "unknown": 2}, trigger_text="interval[…]")
    answer = root.get(verb_url(MODEL, "duplicate", schedule.pk), follow=True)
    assert "cannot show its trigger in full, interval[…]" in read_messages(answer)
    assert not answer.context["adminform"].form["interval_hours"].value()


def test_a_long_name_has_room_for_its_ending(root: Client, schedule: Schedule) -> None:
    Schedule.objects.update(name="x" * 255)
    form = root.get(verb_url(MODEL, "duplicate", schedule.pk), follow=True).context["adminform"].form
    assert form["name"].value().endswith("x (copy)")
    assert len(form["name"].value()) == 255


def test_a_copy_of_what_is_gone_is_an_empty_form(root: Client, schedule: Schedule) -> None:
    for wanted in ("00000000-0000-0000-0000-000000000000", "x"):
        answer = root.get(add_url(MODEL), {"copy_of": wanted})
        assert "is gone" in read_messages(answer)
    assert root.get(verb_url(MODEL, "duplicate", schedule.workflow.pk)).status_code == 404


@pytest.mark.parametrize("permissions", [(VIEW,), ("schedules.add_schedule",)])
def test_duplicating_needs_adding_and_viewing(login: Login, schedule: Schedule, permissions: tuple[str, ...]) -> None:
    operator = login(*permissions)
    assert operator.get(f"{add_url(MODEL)}?copy_of={schedule.pk}").status_code == 403
    if VIEW in permissions:
        assert "/duplicate/" not in read(operator.get(LIST))
        assert operator.get(verb_url(MODEL, "duplicate", schedule.pk)).status_code == 403


def test_the_page_of_a_schedule_leads_to_its_copy(root: Client, schedule: Schedule) -> None:
    assert verb_url(MODEL, "duplicate", schedule.pk) in read(root.get(page_url(MODEL, schedule.pk)))


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_no_clock_shows_finds_nothing(root: Client, moment: str) -> None:
    answer = root.get(list_url("schedules_schedule"), {"next_run_from": moment})
    assert (answer.status_code, answer.context["cl"].result_count) == (200, 0)
