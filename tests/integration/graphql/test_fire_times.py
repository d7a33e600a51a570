"""`summary` and `nextFireTimes` of a schedule: what is said of its trigger without being stored."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.graphql.execution import answer_query
from orchestrator_site.common.graphql.lists import GraphqlContext
from orchestrator_site.schema import schema
from schedules import schema as schedules_schema
from schedules.models import ScheduleState
from tests.integration.api.support import make_user, store_firing, store_schedule
from tests.integration.graphql.support import ask, ask_list, messages, post
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

NIGHTLY: dict[str, Any] = {
    "trigger": "cron",
    "trigger_kwargs": {"hour": 2, "minute": 30},
    "timezone": "Europe/Amsterdam",
}
# A trigger that takes all the steps of an evaluation and finds nothing.
ENDLESS: dict[str, Any] = {
    "trigger": "and",
    "trigger_kwargs": {
        "threshold_seconds": 0,
        "triggers": [
            {"trigger": "interval", "trigger_kwargs": {"seconds": 60, "start_date": "2027-01-01T00:00:00Z"}},
            {"trigger": "interval", "trigger_kwargs": {"seconds": 60, "start_date": "2027-01-01T00:00:30Z"}},
        ],
    },
}


def times_of(client: APIClient, arguments: str, fields: str = "local") -> list[Any]:
    """Return the times of the only schedule."""
    [row] = ask(client, f"{{ scheduledTasks {{ page {{ nextFireTimes{arguments} {{ {fields} }} }} }} }}")[
        "scheduledTasks"
    ]["page"]
    found: list[Any] = row["nextFireTimes"]
    return found


def test_the_summary_needs_no_other_field(client: APIClient) -> None:
    store_schedule(**NIGHTLY)
    store_schedule(name="Broken", trigger_kwargs={"hours": 2})
    schema_rows = ask_list(client, "scheduledTasks", "summary")["page"]
    assert schema_rows == [{"summary": "Every 2 hours"}, {"summary": "At 02:30 every day, Europe/Amsterdam"}]


def test_the_summary_of_what_cannot_be_built_is_what_was_stored(client: APIClient) -> None:
    make_schedule(trigger="crn", trigger_text="crn[hour='1']")
    assert ask_list(client, "scheduledTasks", "summary")["page"] == [{"summary": "crn[hour='1']"}]


def test_the_options_are_shown_and_the_firing_says_when_it_was_due(client: APIClient) -> None:
    schedule = store_schedule(**NIGHTLY, dst_gap="skip", dst_fold="both", spread_seconds=60)
    assert ask_list(client, "scheduledTasks", "dstGap dstFold onMissingDay spreadSeconds")["page"] == [
        {"dstGap": "skip", "dstFold": "both", "onMissingDay": "skip", "spreadSeconds": 60}
    ]
    store_firing(schedule, scheduled_for=NOW, due_at=NOW + HOUR)
    assert ask_list(client, "firings", "scheduledFor dueAt")["page"] == [
        {"scheduledFor": "2027-03-01T09:00:00+00:00", "dueAt": "2027-03-01T10:00:00+00:00"}
    ]


def test_times_are_told_in_utc_and_on_the_clocks_of_the_zone(client: APIClient) -> None:
    store_schedule(**NIGHTLY)
    times = times_of(client, '(n: 2, from: "2027-03-27")', "at local offset dst")
    assert times == [
        {"at": "2027-03-27T01:30:00+00:00", "local": "2027-03-27T02:30:00+01:00", "offset": "+01:00", "dst": None},
        {"at": "2027-03-28T01:00:00+00:00", "local": "2027-03-28T03:00:00+02:00", "offset": "+02:00", "dst": "gap"},
    ]


def test_ten_times_from_the_next_run_on_with_its_spread(client: APIClient) -> None:
    schedule = store_schedule(**NIGHTLY, spread_seconds=86_400)
    assert schedule.spread_offset > timedelta(0)
    assert schedule.next_run_at is not None
    times = times_of(client, "", "at")
    assert len(times) == len(times_of(client, "(n: null)", "at")) == 10
    assert times[0]["at"] == schedule.next_run_at.isoformat()


def test_a_broken_one_and_one_that_cannot_be_built_have_none(client: APIClient) -> None:
    workflow = make_workflow()
    make_schedule(workflow, next_run_at=None, state=ScheduleState.BROKEN)
    make_schedule(workflow, trigger="crn", trigger_text="crn")
    page = ask_list(client, "scheduledTasks", "nextFireTimes { at }")["page"]
    assert page == [{"nextFireTimes": []}] * 2


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ("(n: 0)", "'n' is a number from 1 to 100, not 0"),
        ("(n: 101)", "'n' is a number from 1 to 100, not 101"),
        ('(from: "soon")', "'from' is 'soon'; give an ISO 8601 moment"),
    ],
)
def test_an_argument_out_of_bounds_is_named_and_the_rest_is_answered(
    client: APIClient, arguments: str, phrase: str
) -> None:
    store_schedule(name="Nightly")
    answer = post(client, f"{{ scheduledTasks {{ page {{ name nextFireTimes{arguments} {{ at }} }} }} }}")
    assert phrase in messages(answer)[0]
    assert answer["data"]["scheduledTasks"]["page"] == [{"name": "Nightly", "nextFireTimes": None}]


def test_times_count_as_values_of_the_answer(client: APIClient) -> None:
    query = "{{ scheduledTasks(first: {first}) {{ page {{ nextFireTimes(n: {n}) {{ at }} }} }} }}"
    for n, variables in [("100", {}), ("$n", {"n": 100}), ("999", {})]:
        declared = "query ($n: Int) " if variables else ""
        answer = post(client, declared + query.format(first=1000, n=n), variables=variables, status=400)
        assert "may ask for 102001 values" in messages(answer)[0]
    ask(client, "query ($n: Int) " + query.format(first=450, n="$n"), n=100)
    ask(client, query.format(first=1000, n=10))


def test_what_takes_long_to_find_is_bounded_for_the_whole_query(client: APIClient) -> None:
    workflow = make_workflow()
    for number in range(4):
        make_schedule(workflow, name=f"n{number}", **ENDLESS)
    with mock.patch.object(schedules_schema, "MAX_STEPS", 15_000):
        answer = post(client, "{ scheduledTasks { page { name nextFireTimes { at } } } }")
    assert [row["nextFireTimes"] for row in answer["data"]["scheduledTasks"]["page"]] == [[], [], None, None]
    assert "ask for fewer" in messages(answer)[0]


@pytest.mark.parametrize("count", [1, 50])
def test_times_cost_no_statement_a_row(count: int) -> None:
    workflow = make_workflow()
    for number in range(count):
        make_schedule(workflow, name=f"n{number}")
    context = GraphqlContext(user=make_user(is_superuser=True))
    query = "{ scheduledTasks(first: 100) { page { summary nextFireTimes { at local } } } }"
    clock = mock.Mock(return_value=NOW)
    with recorded_statements() as statements, mock.patch.object(schedules_schema, "database_now", clock):
        answer = answer_query(schema, query, variables={}, operation_name=None, context=context)
    assert "errors" not in answer.body
    assert (len(statements), clock.call_count) == (1, 1)
