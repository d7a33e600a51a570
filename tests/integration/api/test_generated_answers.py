"""Whatever JSON is sent to resume tasks, or to answer one: never a 5xx, and what is refused changes nothing."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tasks.models import Task, TaskCallback, TaskStatus
from tests.integration.api.support import read_problem, stored_rows
from tests.integration.api.test_generated_bodies import ANYTHING, SCALARS, TEXTS, undone
from tests.support.database import count_examples
from tests.support.factories import make_schedule, make_task, run_until_it_stops
from tests.support.stopped_tasks import make_awaiting_task, make_suspended_task
from workflows.engine import State

pytestmark = pytest.mark.django_db

EXAMPLES = settings(
    deadline=None, max_examples=count_examples(75), suppress_health_check=[HealthCheck.function_scoped_fixture]
)

REASONS = st.text("abc ", max_size=50) | ANYTHING
ANSWERS = st.fixed_dictionaries(
    {}, optional={"reason": REASONS, "count": st.integers(-3, 10**20) | SCALARS}
) | st.dictionaries(st.sampled_from(["reason", "count", "other"]) | TEXTS, ANYTHING, max_size=3)
RESUMING = st.fixed_dictionaries(
    {}, optional={"inputs": ANSWERS, "resume_at": st.sampled_from(["Approve", "Start", "Done", "approve"]) | TEXTS}
)
GOOD = st.fixed_dictionaries({"inputs": st.fixed_dictionaries({"reason": st.text("abc", min_size=1, max_size=40)})})
SPOILT = st.builds(lambda body, more: {**body, **more}, RESUMING, st.dictionaries(TEXTS, ANYTHING, max_size=1))
BODIES = st.one_of(GOOD, RESUMING, SPOILT, ANYTHING)

SCHEDULE_ID = "01970000-0000-7000-8000-000000000003"
MANY = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(st.uuids().map(str) | SCALARS, max_size=3) | ANYTHING,
        "status": st.sampled_from(list(TaskStatus)) | SCALARS,
        "workflow_name": TEXTS,
        "dry_run": st.booleans() | SCALARS,
    },
)
INSTANTS = st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-02T00:00:00+01:00", "2099-01-01T00:00:00Z"]) | ANYTHING
ACTIONS = st.fixed_dictionaries(
    {"action": st.sampled_from(["pause", "resume", "run", "delete"]) | SCALARS},
    optional={
        "ids": st.lists(st.just(SCHEDULE_ID) | st.uuids().map(str) | SCALARS, max_size=3) | ANYTHING,
        "filter": st.fixed_dictionaries(
            {}, optional={"name": st.just("n") | TEXTS, "state": st.just("active") | SCALARS}
        ),
        "reason": st.just("x") | SCALARS,
        "until": INSTANTS,
        "dry_run": st.booleans() | SCALARS,
    },
)
BACKFILLS = st.fixed_dictionaries(
    {"from": INSTANTS, "to": INSTANTS},
    optional={
        "limit": st.integers(-1, 3) | SCALARS,
        "only": st.sampled_from(["missing", "all"]) | SCALARS,
        "dry_run": st.booleans() | SCALARS,
    },
)
RUNS = st.fixed_dictionaries({}, optional={"inputs": ANYTHING, "reason": SCALARS})
ASKED = (
    st.tuples(st.just("/bulk"), ACTIONS)
    | st.tuples(st.just(f"/{SCHEDULE_ID}/backfill"), BACKFILLS)
    | st.tuples(st.just(f"/{SCHEDULE_ID}/run"), RUNS)
    | st.tuples(st.sampled_from(["/bulk", f"/{SCHEDULE_ID}/backfill", f"/{SCHEDULE_ID}/run"]), ANYTHING)
)


def send(client: APIClient, path: str, body: Any) -> Any:
    answer: Any = client.generic("POST", path, json.dumps(body), content_type="application/json")
    event(f"answered {answer.status_code}")
    return answer


def with_doubles(value: Any) -> Any:
    """Return a JSON value with doubles for all numbers, as JavaScript has them: PostgreSQL keeps 1e16 as an integer."""
    return json.loads(json.dumps(value), parse_int=float)


def last_state() -> State:
    step = Task.objects.get().steps.order_by("id").last()
    assert step is not None
    state: State = step.state
    return state


@EXAMPLES
@given(body=BODIES)
def test_a_suspended_task_goes_on_with_answers_or_stays_as_it_is(client: APIClient, body: Any) -> None:
    with undone():
        task = make_suspended_task()
        before = stored_rows()
        answer = send(client, f"/api/tasks/{task.pk}/resume", body)
        if answer.status_code == 202:
            given = json.loads(json.dumps(body))
            run_until_it_stops(Task.objects.get())
            if "inputs" in given and given.get("resume_at") in {None, "Approve"}:
                assert last_state()["approved_because"] == str(given["inputs"]["reason"]).strip()
        else:
            read_problem(answer, answer.status_code)
            assert 400 <= answer.status_code < 500
            assert stored_rows() == before


@EXAMPLES
@given(body=ANYTHING, verb=st.sampled_from(["", "/progress"]))
def test_a_callback_is_stored_as_it_was_sent_or_not_at_all(body: Any, verb: str) -> None:
    with undone():
        _, path = make_awaiting_task()
        before = stored_rows()
        answer = send(APIClient(), path + verb, body)
        if answer.status_code == 200:
            callback = TaskCallback.objects.get()
            stored = callback.progress if verb else callback.result
            assert with_doubles(stored) == with_doubles(body)
            if not verb:
                assert run_until_it_stops(Task.objects.get()).status == TaskStatus.COMPLETED
                assert with_doubles(last_state()["answer"]) == with_doubles(body)
        else:
            read_problem(answer, answer.status_code)
            assert 400 <= answer.status_code < 500
            assert stored_rows() == before


@EXAMPLES
@given(body=MANY | ANYTHING)
def test_many_are_resumed_or_none(client: APIClient, body: Any) -> None:
    with undone():
        make_task(status=TaskStatus.FAILED)
        before = stored_rows()
        answer = send(client, "/api/tasks/resume", body)
        if answer.status_code == 200:
            resumed = [each for each in answer.json()["results"] if each["resumed"]]
            is_dry_run = answer.json()["dry_run"]
            assert Task.objects.filter(status=TaskStatus.RESUMED).count() == (0 if is_dry_run else len(resumed))
        else:
            read_problem(answer, answer.status_code)
            assert 400 <= answer.status_code < 500
            assert stored_rows() == before


@EXAMPLES
@given(asked=ASKED)
def test_what_is_asked_of_schedules_is_done_or_changes_nothing(client: APIClient, asked: tuple[str, Any]) -> None:
    path, body = asked
    with undone():
        make_schedule(id=UUID(SCHEDULE_ID), name="Nightly", trigger_kwargs={"days": 1, "start_date": "2026-03-01"})
        before = stored_rows()
        answer = send(client, f"/api/schedules{path}", body)
        if answer.status_code in {200, 202}:
            assert answer.status_code == 202 or answer.json()["dry_run"] or path == "/bulk"
            if answer.status_code == 200 and answer.json()["dry_run"]:
                assert stored_rows() == before
            started = [each["task_id"] for each in answer.json().get("results", [answer.json()]) if each["task_id"]]
            assert {str(key) for key in Task.objects.values_list("pk", flat=True)} == set(started)
        else:
            read_problem(answer, answer.status_code)
            assert 400 <= answer.status_code < 500
            assert stored_rows() == before
