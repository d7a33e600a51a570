"""`/api/schedulers`: which processes fire schedules, and whether they are alive."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.version import VERSION
from schedules.models import SchedulerProcess
from schedules.processes import see_process
from tests.integration.api.support import read_moment

pytestmark = pytest.mark.django_db


def see(name: str, *, seconds_ago: int = 0, ticked_seconds_ago: int = 0) -> None:
    now = database_now()
    see_process(
        name=name,
        now=now - timedelta(seconds=seconds_ago),
        last_tick_at=now - timedelta(seconds=ticked_seconds_ago),
        firings_per_minute=240,
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_scheduler_is_shown_whole(client: APIClient, slash: str) -> None:
    see("node-1:1:a", seconds_ago=2, ticked_seconds_ago=3)
    [shown] = client.get(f"/api/schedulers{slash}").json()["results"]
    row = SchedulerProcess.objects.get()
    assert read_moment(shown.pop("started_at")) == row.started_at
    assert read_moment(shown.pop("last_seen_at")) == row.last_seen_at
    assert read_moment(shown.pop("last_tick_at")) == row.last_tick_at
    assert shown == {
        "scheduler_id": "node-1:1:a",
        "host": row.host,
        "pid": row.pid,
        "version": VERSION,
        "state": "alive",
        "firings_per_minute": 240,
    }


def test_what_was_seen_last_comes_first_each_with_its_state(client: APIClient) -> None:
    see("old:1", seconds_ago=31)
    see("hung:1", seconds_ago=5, ticked_seconds_ago=61)
    see("busy:1")
    results = client.get("/api/schedulers").json()["results"]
    assert [(each["scheduler_id"], each["state"]) for each in results] == [
        ("busy:1", "alive"),
        ("hung:1", "stuck"),
        ("old:1", "stale"),
    ]


def test_they_come_in_pages(client: APIClient) -> None:
    for number in range(3):
        see(f"host:{number}")
    first = client.get("/api/schedulers?page_size=2&count=true").json()
    assert (first["count"], len(first["results"])) == (3, 2)
    assert len(client.get(first["next"]).json()["results"]) == 1
