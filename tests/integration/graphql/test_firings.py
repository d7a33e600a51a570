"""`firings(outcome: …, scheduledFrom: …)`: the arguments of the ledger, which all have to hold."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from schedules.models import Firing
from tests.integration.api.support import store_firing, store_schedule
from tests.integration.graphql.support import ask, ids, messages, post
from tests.support.factories import HOUR, NOW

pytestmark = pytest.mark.django_db


def shown(client: APIClient, arguments: str) -> list[str]:
    return ids(ask(client, f"{{ firings({arguments}) {{ page {{ id }} }} }}")["firings"]["page"])


def text_of(moment: Any) -> str:
    return f'"{moment.isoformat()}"'


@pytest.fixture
def rows(db: None) -> list[Firing]:
    """Store a row an hour, of one schedule and in the end of another one."""
    schedule, other = store_schedule(), store_schedule(name="Weekly")
    outcomes = ["started", "missed", "error"]
    stored = [store_firing(schedule, scheduled_for=NOW + HOUR * n, outcome=outcomes[n]) for n in range(3)]
    return [*stored, store_firing(other, scheduled_for=NOW - HOUR, cause="manual", lateness_ms=5000)]


def test_every_argument_narrows_and_all_have_to_hold(client: APIClient, rows: list[Firing]) -> None:
    first, missed, error, weekly = rows
    expected = {
        'outcome: ["missed", "error"]': [error, missed],
        f'outcome: ["started"], scheduleId: "{weekly.schedule_id}"': [weekly],
        'cause: ["manual"]': [weekly],
        'scheduleName: "WEEK"': [weekly],
        "lateByMs: 5000": [weekly],
        f"scheduledFrom: {text_of(NOW)}, scheduledTo: {text_of(NOW + 2 * HOUR)}": [missed, first],
        f"decidedFrom: {text_of(missed.decided_at)}, decidedTo: {text_of(error.decided_at)}": [missed],
        f'olderThan: "{missed.pk}"': [first],
        f'olderThan: "{missed.pk}", scheduledFrom: {text_of(NOW - HOUR)}': [first, weekly],
        'outcome: null, scheduleName: ""': [weekly, error, missed, first],
    }
    for arguments, wanted in expected.items():
        assert shown(client, arguments) == ids(wanted), arguments


def test_a_task_leads_to_its_firing(client: APIClient, rows: list[Firing]) -> None:
    task_id = rows[0].pk
    Firing.objects.filter(pk=rows[1].pk).update(task_id=task_id)
    assert shown(client, f'taskId: "{task_id}"') == ids([rows[1]])


def test_filters_and_order_go_with_them(client: APIClient, rows: list[Firing]) -> None:
    arguments = 'outcome: ["missed", "error"], filterBy: [{field: "outcome", value: "err"}]'
    assert shown(client, arguments) == ids([rows[2]])
    by_instant = 'outcome: ["missed", "error"], sortBy: [{field: "scheduledFor"}]'
    assert shown(client, by_instant) == ids([rows[1], rows[2]])


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ('outcome: ["fired"]', "outcome: 'fired' is not known; known are started, queued"),
        ('scheduledFrom: "2027-03-01"', "scheduledFrom: '2027-03-01' is no moment with an offset"),
        (
            f"decidedFrom: {text_of(NOW)}, decidedTo: {text_of(NOW - timedelta(days=1))}",
            "decidedTo: 2027-02-28T09:00:00Z is not after 2027-03-01T09:00:00Z",
        ),
        (
            f'scheduledFrom: {text_of(NOW)}, olderThan: "0196f2a0-0000-7000-8000-000000000000"',
            "olderThan: no firing has the id '0196f2a0-0000-7000-8000-000000000000'",
        ),
    ],
)
def test_what_cannot_be_is_an_error_that_says_what_would(client: APIClient, arguments: str, phrase: str) -> None:
    answer = post(client, f"{{ firings({arguments}) {{ page {{ id }} }} }}")
    [message] = messages(answer)
    assert message.startswith(phrase)
    assert answer["data"]["firings"] is None
