"""Whatever JSON is sent to create a schedule: never a 5xx, and what is not created is not there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule
from schedules.rules import POLICIES
from tests.integration.api.support import read_moment, read_problem, stored_rows
from tests.support.database import count_examples
from tests.support.factories import make_workflow

pytestmark = pytest.mark.django_db

CHARACTERS = st.characters(exclude_categories=())  # the halves of surrogate pairs too, which text() leaves out
TEXTS = st.text(CHARACTERS, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)

MOMENTS = st.datetimes().map(lambda moment: moment.isoformat()) | st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2099-01-01", "2027-03-28T02:30:00+01:00"]
)
BOUNDS = st.dictionaries(st.sampled_from(["start_date", "end_date"]), MOMENTS, max_size=1)
UNITS = st.sampled_from(["weeks", "days", "hours", "minutes", "seconds"])
CRON_FIELDS = st.sampled_from(["year", "month", "day", "week", "day_of_week", "hour", "minute", "second"])
CRON_TEXTS = st.sampled_from(["*", "*/2", "1-5", "1,3", "mon", "2nd fri", "last", "feb"]) | st.text(
    "0123456789*/-,lastmonfribe ", min_size=1, max_size=6
)
CRONTABS = st.lists(CRON_TEXTS, min_size=4, max_size=6).map(" ".join) | st.sampled_from(
    ["@daily", "@reboot", "0 2 L * 5#3"]
)


def rules(trigger: str, kwargs: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Generate the two keys that make a trigger."""
    merged = st.builds(
        lambda kwargs, bounds: {**kwargs, **bounds}, kwargs, BOUNDS if trigger != "date" else st.just({})
    )
    return merged.map(lambda kwargs: {"trigger": trigger, "trigger_kwargs": kwargs})


RULES = (
    rules("interval", st.dictionaries(UNITS, st.integers(1, 10**6) | st.floats(), min_size=1, max_size=2))
    | rules("cron", st.dictionaries(CRON_FIELDS, st.integers(1, 31) | CRON_TEXTS, min_size=1, max_size=3))
    | rules("date", st.fixed_dictionaries({"run_date": MOMENTS}))
    | rules(
        "calendarinterval",
        st.dictionaries(st.sampled_from(["years", "months", "weeks", "days"]), st.integers(0, 10_001), min_size=1),
    )
    | rules("cron", st.fixed_dictionaries({"crontab": CRONTABS}))
)
COMBINED = st.recursive(
    RULES,
    lambda inner: st.builds(
        lambda kind, triggers: {"trigger": kind, "trigger_kwargs": {"triggers": triggers}},
        st.sampled_from(["and", "or"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=5,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "timezone": st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "Pacific/Kiritimati"]),
        "dst_gap": st.sampled_from(["run_after", "skip"]),
        "dst_fold": st.sampled_from(["first", "second", "both"]),
        "on_missing_day": st.sampled_from(["skip", "last_day"]),
        "spread_seconds": st.integers(-1, 86_401),
        "inputs": st.dictionaries(TEXTS, ANYTHING, max_size=2),
        "misfire_policy": st.sampled_from(["run_once", "skip", "run_all", "run_twice"]),
        "misfire_window_seconds": st.none() | st.integers(0, 2**31),
        "max_catchup_runs": st.integers(1, 1_001),
        "overlap_policy": st.sampled_from(["skip", "queue_one", "queue_all", "allow", "cancel_running"]),
        "concurrency_key": st.sampled_from(["schedule", "workflow"]),
        "resume_policy": st.sampled_from(["skip", "run_once"]),
        "pause_after_failures": st.none() | st.integers(0, 100),
    },
)
PLAUSIBLE = st.builds(
    lambda rule, options: {"name": "Nightly", "workflow_name": "task_one", **rule, **options}, COMBINED, OPTIONS
)
FIELDS = ["name", "workflow_name", "workflow_id", "trigger", "trigger_kwargs", "timezone", "inputs", "user_inputs"]
FIELDS += ["dst_gap", "dst_fold", "on_missing_day", "spread_seconds"]
KEYS = st.sampled_from([*FIELDS, *POLICIES])
SPOILT = st.builds(
    lambda body, spoilt: {**body, **spoilt}, PLAUSIBLE, st.dictionaries(KEYS | TEXTS, ANYTHING, min_size=1, max_size=2)
)
BODIES = st.one_of(PLAUSIBLE, SPOILT, PLAUSIBLE, SPOILT, ANYTHING)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block writes: one example is not to see what another left."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def _workflow(db: None) -> None:
    make_workflow(name="task_one")


@pytest.mark.usefixtures("_workflow")
@settings(deadline=None, max_examples=count_examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_a_body_is_answered_and_only_201_writes(client: APIClient, body: Any) -> None:
    with undone():
        before = stored_rows()
        answer: Any = client.generic("POST", "/api/schedules", json.dumps(body), content_type="application/json")
        event(f"answered {answer.status_code}")
        if answer.status_code == 201:
            [row] = Schedule.objects.select_related("link__workflow")
            assert row.workflow.name == "task_one"
            policies = {name: getattr(row, name) for name in POLICIES}
            assert policies.items() <= answer.json().items()
            assert {name: body[name] for name in POLICIES if name in body}.items() <= policies.items()
            assert row.next_run_at == read_moment(answer.json()["next_run_at"])
            assert row.next_run_at > database_now()
            shown = client.get(f"/api/schedules/{row.pk}").json()
            codes = {each["code"] for each in answer.json()["warnings"]}
            assert {each["code"] for each in shown.pop("warnings")} == codes - {"jitter_as_spread"}
            assert shown.items() <= answer.json().items()
            assert row.summary == shown["summary"] != ""
            assert client.get(f"/api/schedules/{row.pk}/next").status_code == 200
            assert str(row.trigger_rule)
        else:
            read_problem(answer, answer.status_code)
            assert 400 <= answer.status_code < 500
            assert stored_rows() == before


@pytest.mark.usefixtures("_workflow")
@settings(deadline=None, max_examples=count_examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_a_preview_accepts_what_creating_accepts_and_writes_nothing(client: APIClient, body: Any) -> None:
    """It is refused with the same words, too; what a preview has no use for is left out of the body first."""
    unknown = {"name", "workflow_name", "workflow_id", "inputs", "user_inputs", *POLICIES}
    draft = {key: value for key, value in body.items() if key not in unknown} if isinstance(body, dict) else body
    with undone():
        before = stored_rows()
        answer: Any = client.generic(
            "POST", "/api/schedules/preview", json.dumps(draft), content_type="application/json"
        )
        event(f"answered {answer.status_code}")
        assert stored_rows() == before
        whole = {"name": "Nightly", "workflow_name": "task_one", **draft} if isinstance(draft, dict) else draft
        created: Any = client.generic("POST", "/api/schedules", json.dumps(whole), content_type="application/json")
        assert (answer.status_code, created.status_code) in {(200, 201), (400, 400)}, (answer.content, created.content)
