"""Freezing the engine: nothing new starts, tasks stop before their next step, and go on when it ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict
from orchestrator_site.common.reasons import check_hold
from orchestrator_site.common.wakeup import ENGINE_CHANGED, SCHEDULES_CHANGED, TASKS_ENQUEUED, notify
from tasks.models import EngineFreeze

log = structlog.get_logger(__name__)


class EngineFrozen(Conflict):
    """The engine is frozen; the message says by whom, since when and why."""

    def __init__(self, freeze: EngineFreeze) -> None:
        super().__init__(f"the engine is frozen {say_freeze(freeze)}; unfreeze it first")


def current_freeze(*, now: datetime) -> EngineFreeze | None:
    """Return the freeze that is in force; one ends by itself when its `until` has passed."""
    return freezes_in_force(now=now).first()


def freezes_in_force(*, now: datetime) -> QuerySet[EngineFreeze]:
    """Return the freeze that is in force as rows, for a condition of another query."""
    return EngineFreeze.objects.filter(Q(until__isnull=True) | Q(until__gt=now), in_force=True)


def last_thaw() -> QuerySet[Any, Any]:
    """Return when the engine was frozen last, as rows of one moment, for a column of another query."""
    rows = EngineFreeze.objects.annotate(thawed_at=Coalesce("ended_at", "until")).filter(thawed_at__isnull=False)
    return rows.order_by("-thawed_at").values("thawed_at")[:1]


def freezes_since(moment: datetime) -> Sequence[EngineFreeze]:
    """Return the freezes that lasted beyond a moment, the oldest first; those that are in force too."""
    lasted = Q(ended_at__gt=moment) | Q(ended_at__isnull=True, until__isnull=True) | Q(until__gt=moment)
    return list(EngineFreeze.objects.filter(lasted).order_by("started_at"))


def freeze_engine(*, reason: str, actor: str, until: datetime | None = None) -> EngineFreeze:
    """Freeze the engine; one that is frozen gets the new reason and end, and keeps its beginning.

    Raises:
        InvalidValue: There is no reason, or it is too long; or `until` has passed.
    """
    now = database_now()
    check_hold(reason=reason, until=until, now=now)
    values = {"reason": reason, "until": until, "started_by": actor}
    with write_transaction():
        end_past_freezes(now=now)
        row, _ = EngineFreeze.objects.update_or_create(
            in_force=True, defaults=values, create_defaults={**values, "started_at": now}
        )
        _wake_all()
    log.warning("engine_frozen", reason=reason, actor=actor, until=until.isoformat() if until else None)
    return row


def unfreeze_engine(*, actor: str) -> bool:
    """End the freeze; tell whether there was one."""
    now = database_now()
    with write_transaction():
        end_past_freezes(now=now)
        ended = EngineFreeze.objects.filter(in_force=True).update(in_force=None, ended_at=now, ended_by=actor)
        if ended:
            _wake_all()
    if ended:
        log.warning("engine_unfrozen", actor=actor)
    return bool(ended)


def end_past_freezes(*, now: datetime) -> None:
    """Write the end of a freeze whose `until` has passed."""
    for row in EngineFreeze.objects.filter(in_force=True, until__lte=now):
        EngineFreeze.objects.filter(pk=row.pk, in_force=True).update(
            in_force=None, ended_at=row.until, ended_by="its end"
        )


def say_freeze(freeze: EngineFreeze) -> str:
    """Return by whom, since when, until when and why."""
    until = f" until {freeze.until:%Y-%m-%d %H:%M:%S}Z" if freeze.until else ""
    return f"by {freeze.started_by} since {freeze.started_at:%Y-%m-%d %H:%M:%S}Z{until}: {freeze.reason}"


def _wake_all() -> None:
    for channel in (ENGINE_CHANGED, TASKS_ENQUEUED, SCHEDULES_CHANGED):
        notify(channel)
