"""Loading the demo into the database, and taking it out again."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.apps import apps
from django.conf import settings
from django.db.models import Q

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from orchestrator_site.demo.moments import Moments
from orchestrator_site.demo.names import ACTOR, SCHEDULE_IDS, WORKFLOWS
from orchestrator_site.demo.story import tell_story
from schedules.initial import describe_initial_schedules
from schedules.models import Firing, Schedule, SchedulerOutage, SchedulerPulse, ScheduleWorkflow
from schedules.triggers import TriggerError
from tasks.models import StepsVersion, Task
from workflows.models import Workflow
from workflows.operations import create_task, delete_workflow

log = structlog.get_logger(__name__)


class DemoOff(Conflict):
    """The code of the demo's workflows is not there, so that none of its tasks could run."""


class DemoLoaded(Conflict):
    """The demo is there already."""


class DemoImpossible(Conflict):
    """A setting forbids one of its schedules; the message says which value is refused."""


def is_untouched() -> bool:
    """Tell whether nothing has happened in the database yet: no task, and no schedule but initial ones."""
    initial = [each.schedule_id for each in describe_initial_schedules()]
    others = Schedule.objects.exclude(pk__in=initial)
    return not (Task.objects.exists() or Firing.objects.exists() or others.exists())


def is_demo_loaded() -> bool:
    """Tell whether the demo is in the database, or what people have made with its workflows."""
    return Workflow.objects.filter(name__in=WORKFLOWS, deleted_at=None).exists()


def load_demo(*, now: datetime | None = None) -> None:
    """Write the demo with its history up to now, all of it or nothing; from then on it goes on by itself.

    Args:
        now: The end of that history; for the same moment it is the same. The database's time if it is not given.

    Raises:
        DemoOff: The setting DEMO is off.
        DemoLoaded: It is there already, or a part of it.
        DemoImpossible: Its schedules run more often than MIN_INTERVAL_SECONDS lets any.
    """
    if not settings.DEMO:
        raise DemoOff("the demo is off: set DEMO=true, and restart what runs, so that its tasks have their code")
    now = now or database_now()
    with write_transaction(), _nothing_logged():
        if Schedule.objects.filter(pk__in=SCHEDULE_IDS).exists() or Firing.objects.filter(_of_demo()).exists():
            raise DemoLoaded("the demo is there already: remove it first")
        for name, description in WORKFLOWS.items():
            create_task(apps, {"name": name, "description": description})
        try:
            tell_story(now=now)
        except TriggerError as error:
            raise DemoImpossible(f"the demo cannot be loaded: {error}") from error
        # A scheduler was alive until now, as far as the first one that starts can tell.
        SchedulerPulse.objects.get_or_create(pk=1, defaults={"last_tick_at": now})
        notify(SCHEDULES_CHANGED)
    log.info("demo_loaded")


def remove_demo() -> Sequence[str]:
    """Take the demo out again; return which of its workflows stay, since schedules of others run them.

    Its workflows are deleted as far as nothing names them, and marked as deleted where tasks of others do.
    """
    with write_transaction():
        _remove_outage()
        Schedule.objects.filter(pk__in=SCHEDULE_IDS).delete()
        Firing.objects.filter(_of_demo()).delete()
        Task.objects.filter(_of_demo() | Q(reporter=ACTOR, workflow__name__in=WORKFLOWS)).delete()
        kept = sorted(ScheduleWorkflow.objects.filter(_runs_demo()).values_list("workflow__name", flat=True).distinct())
        for name in set(WORKFLOWS) - set(kept):
            _remove_workflow(name)
        notify(SCHEDULES_CHANGED)
    log.info("demo_removed", kept_workflows=kept)
    return kept


def _of_demo() -> Q:
    return Q(schedule_id__in=SCHEDULE_IDS)


def _runs_demo() -> Q:
    return Q(workflow__name__in=WORKFLOWS)


def _remove_outage() -> None:
    """Remove the outage of the story: when the schedules were made tells when it was."""
    made = Schedule.objects.filter(pk__in=SCHEDULE_IDS, created_by=ACTOR)
    begin = made.values_list("created_at", flat=True).first()
    if begin is not None:
        outage = Moments.of(begin=begin).outage
        SchedulerOutage.objects.filter(started_at=outage.started_at, ended_at=outage.ended_at).delete()


def _remove_workflow(name: str) -> None:
    delete_workflow(apps, name)
    rows = Workflow.objects.filter(name=name, tasks=None, product_links=None)
    if rows.delete()[0]:
        StepsVersion.objects.filter(workflow_name=name).delete()


@contextmanager
def _nothing_logged() -> Iterator[None]:
    """Keep what happened in the story out of the log of today."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
