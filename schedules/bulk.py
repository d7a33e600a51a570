"""Pausing and resuming many schedules, each in a transaction of its own; one that stays does not stop the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import Conflict, InvalidValue
from schedules.pausing import check_pause, pause_schedule, resume_schedule


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many schedules: it was done, or there is a problem."""

    schedule_id: UUID
    problem: str = ""


def pause_schedules(
    *, schedule_ids: Sequence[UUID], reason: str, actor: str, until: datetime | None = None
) -> list[Outcome]:
    """Pause schedules for one reason; what becomes of each is as for `pause_schedule`.

    Raises:
        InvalidValue: There is no reason, or `until` has passed; then none of them is paused.
    """
    check_pause(reason=reason, until=until, now=database_now())
    pause = partial(pause_schedule, reason=reason, actor=actor, until=until)
    return [_try(pause, schedule_id) for schedule_id in schedule_ids]


def resume_schedules(*, schedule_ids: Sequence[UUID], actor: str) -> list[Outcome]:
    """End the pauses of schedules; what becomes of each is as for `resume_schedule`."""
    return [_try(partial(resume_schedule, actor=actor), schedule_id) for schedule_id in schedule_ids]


def _try(change: Callable[..., object], schedule_id: UUID) -> Outcome:
    try:
        change(schedule_id=schedule_id)
    except (Conflict, InvalidValue) as error:
        return Outcome(schedule_id, str(error))
    return Outcome(schedule_id)
