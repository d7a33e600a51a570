"""Much for schedulers and workers to do, and waiting until it is done."""

import time
from datetime import datetime

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule, ScheduleState
from schedules.services import ScheduleDraft, create_schedule
from tasks.models import ENDED, Task
from tests.support.wait import wait_for
from workflows.models import Workflow

SETTLE_SECONDS = 30


def schedule_many(workflow: Workflow, *, count: int, seconds: int, end: datetime) -> None:
    for number in range(count):
        kwargs = {"seconds": seconds, "end_date": end.isoformat()}
        draft = ScheduleDraft(f"every {seconds} s, {number}", "interval", kwargs)
        create_schedule(draft=draft, workflow=workflow, actor="a test")


def wait_until(moment: datetime) -> None:
    """Wait for the time; between databases and processes on one machine there is one clock."""
    end = time.monotonic() + (moment - database_now()).total_seconds()
    wait_for(lambda: time.monotonic() >= end, timeout=90, describe=f"{moment}")


def wait_until_all_has_ended() -> None:
    unfinished = Schedule.objects.exclude(state=ScheduleState.FINISHED)
    wait_for(lambda: not unfinished.exists(), timeout=SETTLE_SECONDS, describe="the end of all schedules")
    open_tasks = Task.objects.exclude(status__in=ENDED)
    wait_for(lambda: not open_tasks.exists(), timeout=SETTLE_SECONDS, describe="the end of all tasks")
