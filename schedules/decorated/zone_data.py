"""Functions scheduled in code, when other time-zone data is installed: their next run times are computed anew."""

from datetime import datetime, timedelta

import structlog
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from schedules.decorated.rows import StoredFunction, read_state
from schedules.planning import reread_promise
from schedules.triggers import Trigger, TriggerError, latest_fire_time

log = structlog.get_logger(__name__)

_TICK = timedelta(microseconds=1)


def move_function_rows(*, versions: dict[str, str]) -> int:
    """Compute the next run time of every row anew, log those that move, and return how many.

    A row that another scheduler claims meanwhile is left to that one. What cannot be evaluated is left to the claim.
    """
    moved = 0
    for row in DjangoJob.objects.filter(next_run_time__isnull=False).order_by("pk"):
        stored = read_state(row.job_state)
        try:
            at = row.next_run_time if stored is None else _reread(row, stored)
        except TriggerError:
            continue
        except Exception:
            # What is stored may have been written by anything. One such row must not keep a scheduler from starting.
            log.exception("trigger_failed", job_id=row.pk)
            continue
        unclaimed = DjangoJob.objects.filter(pk=row.pk, next_run_time=row.next_run_time)
        if at != row.next_run_time and unclaimed.update(next_run_time=at):
            moved += 1
            span = {"from": row.next_run_time.isoformat(), "to": at.isoformat()}
            log.info("decorated_next_run_moved", job_id=row.pk, **span, **versions)
    return moved


def _reread(row: DjangoJob, stored: StoredFunction) -> datetime:
    """Return when a function runs next.

    The log of executions tells which instant was the last one, until it is cleaned up. From then on, the instant that
    lies nearest to the promised one is taken for it.
    """
    trigger, spread = stored.build_trigger(), stored.rule.spread_of(row.pk)
    promised = row.next_run_time - spread
    runs = DjangoJobExecution.objects.filter(job_id=row.pk, run_time__lt=row.next_run_time).order_by("-run_time")
    last = runs.values_list("run_time", flat=True).first()
    if last is None:
        return _nearest(trigger, promised) + spread
    return reread_promise(trigger, promised=promised, after=last - spread, is_decided=True) + spread


def _nearest(trigger: Trigger, promised: datetime) -> datetime:
    before = latest_fire_time(trigger, until=promised)
    following = trigger.next_after(promised - _TICK)
    near = [each for each in (before, following) if each is not None]
    return min(near, key=lambda each: abs(each - promised), default=promised)
