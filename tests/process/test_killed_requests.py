"""A web server is killed at every statement and commit of a request with a key; the client sends it again."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from orchestrator_site.common.idempotency.models import IdempotencyKey
from schedules.models import Schedule
from tests.support.factories import make_workflow
from tests.support.failpoints import walk_failpoints

# Places there are at least, so that a walk that ends too early is found out: two for each statement and commit.
LEAST_PLACES = {"postgresql": 30, "sqlite": 24}
WITH_KEY = {"HTTP_IDEMPOTENCY_KEY": "nightly-sync"}


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_a_request_killed_anywhere_is_done_once_when_it_is_sent_again() -> None:
    user = User.objects.create_superuser("root")
    name = make_workflow().name
    body = {"name": "Nightly", "workflow_name": name, "trigger": "interval", "trigger_kwargs": {"hours": 1}}
    replayed = []
    client = Client()
    client.force_login(user)

    def ask() -> None:
        answer = client.post("/api/schedules", body, content_type="application/json", **WITH_KEY)  # type: ignore[arg-type]
        assert answer.status_code == 201, answer.content
        replayed.append("Idempotency-Replayed" in answer.headers)

    def forget() -> None:
        IdempotencyKey.objects.all().delete()
        Schedule.objects.all().delete()

    def ask_again() -> None:
        was_done = Schedule.objects.exists()
        ask()
        assert replayed[-1] is was_done, "the schedule and its answer were not there together"
        [schedule], [row] = Schedule.objects.all(), IdempotencyKey.objects.all()
        assert row.location.endswith(f"/api/schedules/{schedule.pk}")

    places = walk_failpoints(ask, prepare=forget, recover=ask_again)
    assert places >= LEAST_PLACES[connection.vendor]
    assert set(replayed) == {False, True}
