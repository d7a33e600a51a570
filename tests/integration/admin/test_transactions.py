"""On SQLite, a thread takes its turn as the writer before it locks the database, never the other way round."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from orchestrator_site.common import database
from schedules.models import Schedule
from tasks.models import TaskStatus
from tests.integration.admin.support import add_url, page_url, shown, start_url, typed
from tests.support.factories import make_schedule, make_task, make_workflow

WRITES: dict[str, Callable[[Client, Schedule], Any]] = {
    "schedules.forms.schedules.create_schedule": lambda client, schedule: client.post(
        add_url("schedules_schedule"), typed(workflow=schedule.workflow.pk, interval_hours="1")
    ),
    "schedules.forms.schedules.update_schedule": lambda client, schedule: client.post(
        page_url("schedules_schedule", schedule.pk), shown(client, schedule)
    ),
    "schedules.admin.schedules.delete_schedule": lambda client, schedule: client.post(
        f"/admin/schedules/schedule/{schedule.pk}/delete/", {"post": "yes"}
    ),
    "tasks.forms.starting.start_task": lambda client, schedule: client.post(
        start_url(schedule.workflow), {"inputs": ""}
    ),
    "tasks.admin.tasks.delete_task": lambda client, schedule: client.post(
        f"/admin/tasks/task/{make_task(status=TaskStatus.FAILED).pk}/delete/", {"post": "yes"}
    ),
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers, and needs no turn")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("service", WRITES)
def test_the_turn_of_the_writer_comes_before_the_lock_of_the_database(
    root: Client, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    schedule = make_schedule(make_workflow())
    seen = []
    module, _, name = service.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)

    def watched(**arguments: Any) -> Any:
        seen.append((database._sqlite_writer._is_owned(), connection.in_atomic_block))  # type: ignore[attr-defined]
        return real(**arguments)

    monkeypatch.setattr(service, watched)
    answer = WRITES[service](root, schedule)
    assert answer.status_code == 302
    assert seen == [(True, True)]
