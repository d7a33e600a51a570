"""`/api/engine`: freeze it, unfreeze it, look."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.wakeup import TASKS_ENQUEUED
from tasks.models import EngineFreeze
from tests.integration.api.support import make_client, make_user, read_moment
from tests.support.database import heard_channels

pytestmark = pytest.mark.django_db

NOT_FROZEN = {"is_frozen": False, "reason": None, "started_by": None, "started_at": None, "until": None}


@pytest.mark.parametrize("slash", ["", "/"])
def test_it_is_frozen_until_somebody_ends_it(client: APIClient, slash: str) -> None:
    assert client.get(f"/api/engine{slash}").json() == NOT_FROZEN
    before = database_now()
    answer = client.post(f"/api/engine/freeze{slash}", {"reason": " Maintenance "})
    assert answer.status_code == 200
    frozen = answer.json()
    assert before <= read_moment(frozen["started_at"]) <= database_now()
    assert frozen == {
        "is_frozen": True,
        "reason": "Maintenance",
        "started_by": "root",
        "started_at": frozen["started_at"],
        "until": None,
    }
    assert client.get(f"/api/engine{slash}").json() == answer.json()
    ended = client.post(f"/api/engine/unfreeze{slash}")
    assert (ended.status_code, ended.json()) == (200, NOT_FROZEN)
    assert client.get("/api/engine").json() == NOT_FROZEN
    row = EngineFreeze.objects.get()
    assert (row.ended_by, row.in_force) == ("root", None)


def test_freezing_it_again_changes_reason_and_end_and_keeps_its_beginning(client: APIClient) -> None:
    first = client.post("/api/engine/freeze", {"reason": "Maintenance"}).json()
    grace = make_client(make_user("tasks.freeze_engine", username="grace"))
    second = grace.post("/api/engine/freeze", {"reason": "It takes longer", "until": "2099-03-01T03:00:00+01:00"})
    assert second.json() == {
        "is_frozen": True,
        "reason": "It takes longer",
        "started_by": "grace",
        "started_at": first["started_at"],
        "until": "2099-03-01T02:00:00Z",
    }
    assert EngineFreeze.objects.count() == 1


def test_unfreezing_what_is_not_frozen_is_no_error(client: APIClient) -> None:
    for _ in range(2):
        answer = client.post("/api/engine/unfreeze", {})
        assert (answer.status_code, answer.json()) == (200, NOT_FROZEN)
    assert not EngineFreeze.objects.exists()


def test_one_whose_end_has_passed_is_over(client: APIClient) -> None:
    client.post("/api/engine/freeze", {"reason": "Maintenance"})
    EngineFreeze.objects.update(until=database_now() - timedelta(seconds=1))
    assert client.get("/api/engine").json() == NOT_FROZEN


def test_everybody_is_woken_when_it_ends(client: APIClient) -> None:
    client.post("/api/engine/freeze", {"reason": "Maintenance"})
    with heard_channels() as heard:
        client.post("/api/engine/unfreeze")
    assert TASKS_ENQUEUED in heard
