"""What the tests of the first page share: rows whose ids tell when they were made, and reading the page."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orchestrator_site.common.ids import first_id_at
from schedules.models import Schedule
from schedules.processes import see_process
from tasks.models import Task, TaskStatus, WorkerProcess
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.support.factories import make_task
from workflows.models import Workflow

HOME = "/admin/"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

_made = iter(range(1, 1_000_000))


def see_scheduler(now: datetime, name: str = "host:1:a", looked_at: datetime | None = None) -> None:
    see_process(name=name, now=now, last_tick_at=looked_at or now, firings_per_minute=0)


def see_worker(now: datetime, name: str = "host:2:b") -> None:
    WorkerProcess.objects.create(id=name, host="host", pid=2, started_at=now, last_seen_at=now)


def card(page: str, name: str) -> tuple[str, str, str]:
    """Return the number, the note and the address of a card."""
    found = re.search(
        rf'id="home-card-{name}"[^>]*href="([^"]*)".*?home-value">(.*?)<.*?home-note">(.*?)<', page, re.DOTALL
    )
    assert found, page
    return found[2], found[3], found[1]


def region(page: str, name: str) -> str:
    """Return the section with a heading."""
    found = re.search(rf'<section[^>]*aria-labelledby="home-{name}-heading".*?</section>', page, re.DOTALL)
    assert found, name
    return found[0]


def make_run(workflow: Workflow, status: TaskStatus, at: datetime, schedule: Schedule, **fields: Any) -> Task:
    """Store a task of a schedule, whose id says when it was created, as all ids do."""
    return make_task(workflow, status=status, now=at, id=id_at(at), schedule_id=schedule.pk, **fields)


def make_firing_at(schedule: Schedule, at: datetime, **fields: Any) -> None:
    """Store a row of the ledger that was decided when it was planned."""
    values = {"scheduled_for": at, "due_at": at, "decided_at": at, "id": id_at(at)}
    make_firing(schedule, **{**values, **fields})


def id_at(moment: datetime) -> UUID:
    """Return an id that was made at a moment, another one each time."""
    return UUID(int=first_id_at(moment).int + next(_made))
