"""Much for schedulers and workers to do, and waiting until it is done."""

import time
from datetime import datetime

from django.db import transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.models import Schedule, ScheduleState, ScheduleWorkflow
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


def copy_schedule(schedule: Schedule, *, count: int) -> None:
    """Store so many schedules as are like one that is stored, without asking its trigger, and tell the schedulers."""
    values = {field.attname: getattr(schedule, field.attname) for field in Schedule._meta.fields if field.name != "id"}
    copies = [Schedule(**values | {"name": f"{schedule.name}, {number}"}) for number in range(count)]
    links = [ScheduleWorkflow(schedule=each, workflow=schedule.workflow) for each in copies]
    with transaction.atomic():
        Schedule.objects.bulk_create(copies)
        ScheduleWorkflow.objects.bulk_create(links)
        notify(SCHEDULES_CHANGED)


def wait_until(moment: datetime) -> None:
    """Wait for the time; between databases and processes on one machine there is one clock."""
    end = time.monotonic() + (moment - database_now()).total_seconds()
    wait_for(lambda: time.monotonic() >= end, timeout=90, describe=f"{moment}")


def wait_until_all_has_ended() -> None:
    unfinished = Schedule.objects.exclude(state=ScheduleState.FINISHED)
    wait_for(lambda: not unfinished.exists(), timeout=SETTLE_SECONDS, describe="the end of all schedules")
    open_tasks = Task.objects.exclude(status__in=ENDED)
    wait_for(lambda: not open_tasks.exists(), timeout=SETTLE_SECONDS, describe="the end of all tasks")
