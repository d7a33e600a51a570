"""Time-zone data: where another version of it is installed, next run times are computed anew before anything fires.

A stored next run time was computed by the rules of its day. When a country changes them, it would be off by an hour,
and the instant after it, computed by the new rules, could be the same one again. So a scheduler that starts compares
the version of the data with the one that is stored; as long as they are the same, that is all it does.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
import tzdata

from orchestrator_site.common.bulk import update_rows
from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, notify
from schedules.decorated.zone_data import move_function_rows
from schedules.models import Schedule, ScheduleState, ZoneData, ZoneDataChange
from schedules.planning import reread_promise
from schedules.rules import arm_paused
from schedules.triggers import Trigger, TriggerError
from schedules.triggers.base import later_by

log = structlog.get_logger(__name__)

BATCH_SIZE = 500
# So many moves are named where the change is written down, and so many changes are kept.
MAX_NAMED_MOVES = 100
KEPT_CHANGES = 20

# Tells, between two batches, whether to go on.
GoOn = Callable[[], bool]


def move_next_runs(*, clock: Clock, go_on: GoOn) -> bool:
    """Compute all next run times anew if the installed time-zone data is not that which they were computed with.

    Each batch is a transaction that locks its rows, so that other schedulers may fire, or do the same, meanwhile; doing
    it twice moves nothing more. The version is stored at the end: whoever is stopped before leaves the rest to the
    next one. What moved is written down with the change, batch by batch.

    Returns:
        Whether next run times are now those of the installed data; False if `go_on` said to stop.
    """
    installed: str = tzdata.IANA_VERSION
    stored = ZoneData.objects.values_list("version", flat=True).first()
    if stored == installed:
        return True
    if stored is None:
        _store(installed, now=clock())
        log.info("zone_data_stored", version=installed)
        return True
    started = time.monotonic()
    versions = {"from_version": stored, "to_version": installed}
    _begin_change(versions, now=clock())
    looked_at = moved = 0
    last: Schedule | None = None
    while batch := _move_batch(after=last, versions=versions):
        rows, count = batch
        looked_at, moved, last = looked_at + len(rows), moved + count, rows[-1]
        if not go_on():
            return False
    moved_functions = move_function_rows(versions=versions)
    _end_change(versions, moved_functions=moved_functions, now=clock())
    log.warning(
        "zone_data_changed",
        **versions,
        schedules=looked_at,
        moved=moved,
        moved_functions=moved_functions,
        seconds=round(time.monotonic() - started, 3),
    )
    return True


def _store(version: str, *, now: datetime) -> None:
    with write_transaction():
        ZoneData.objects.update_or_create(pk=1, defaults={"version": version, "since": now})


def _begin_change(versions: dict[str, str], *, now: datetime) -> None:
    """Write down that next runs are about to move; schedulers that do so together have one row.

    One that comes when another has just ended it makes none.
    """
    change = ZoneDataChange(**versions, started_at=now)
    with write_transaction():
        if ZoneData.objects.select_for_update().filter(version=versions["from_version"]).exists():
            ZoneDataChange.objects.bulk_create([change], ignore_conflicts=True)


def _note_moves(versions: dict[str, str], moves: Iterable[tuple[Schedule, datetime]]) -> None:
    """Add the moves of a batch to the change, in the transaction in which they were made."""
    named = [[str(each.pk), each.name, _say(each.next_run_at), _say(at)] for each, at in moves]
    change = ZoneDataChange.objects.select_for_update().filter(**versions, finished_at__isnull=True).first()
    if change is not None:
        change.moved_schedules += len(named)
        change.moves = [*change.moves, *named][:MAX_NAMED_MOVES]
        change.save(update_fields=["moved_schedules", "moves"])


def _say(moment: datetime | None) -> str:
    assert moment is not None, "only schedules with a next run are moved"
    return moment.isoformat()


def _end_change(versions: dict[str, str], *, moved_functions: int, now: datetime) -> None:
    """Store the version, and that all next runs are those of it; forget changes of long ago."""
    with write_transaction():
        _store(versions["to_version"], now=now)
        open_change = ZoneDataChange.objects.filter(**versions, finished_at__isnull=True)
        open_change.update(finished_at=now, moved_functions=moved_functions)
        kept = list(ZoneDataChange.objects.order_by("-id").values_list("pk", flat=True)[:KEPT_CHANGES])
        ZoneDataChange.objects.exclude(pk__in=kept).delete()


def _move_batch(*, after: Schedule | None, versions: dict[str, str]) -> tuple[list[Schedule], int] | None:
    """Compute the next run times of a batch anew; return its rows and how many moved, or None where none are left."""
    active = Schedule.objects.filter(next_run_at__isnull=False).order_by("pk")
    with write_transaction():
        rows = list((active.filter(pk__gt=after.pk) if after else active).select_for_update(no_key=True)[:BATCH_SIZE])
        moves = {schedule.pk: (schedule, at) for schedule in rows if (at := _reread(schedule)) != schedule.next_run_at}
        update_rows(Schedule, ["next_run_at"], {pk: (at,) for pk, (_, at) in moves.items()})
        if moves:
            _note_moves(versions, moves.values())
            notify(SCHEDULES_CHANGED)
    for schedule, at in moves.values():
        assert schedule.next_run_at is not None, "only schedules with a next run are looked at"
        span = {"from": schedule.next_run_at.isoformat(), "to": at.isoformat()}
        log.info("next_run_moved", schedule_id=str(schedule.pk), name=schedule.name, **span, **versions)
    return (rows, len(moves)) if rows else None


def _reread(schedule: Schedule) -> datetime:
    """Return when a schedule runs next by the installed data; what cannot be evaluated is left to the turn."""
    assert schedule.next_run_at is not None, "only schedules with a next run are looked at"
    spread = schedule.spread_offset
    try:
        trigger = schedule.trigger_rule
        if schedule.state == ScheduleState.PAUSED:
            return _rearm(schedule, trigger)
        nominal = reread_promise(
            trigger,
            promised=schedule.next_run_at - spread,
            after=schedule.planned_through,
            # Where a rule was set, the watermark and the state have the same moment, which is no instant of it.
            is_decided=schedule.planned_through != schedule.state_since,
        )
    except TriggerError:
        return schedule.next_run_at
    except Exception:
        log.exception("trigger_failed", schedule_id=str(schedule.pk))
        return schedule.next_run_at
    return later_by(spread, nominal)


def _rearm(schedule: Schedule, trigger: Trigger) -> datetime:
    """Return when a schedule that is paused until a moment is looked at next; nothing was promised before that."""
    promised = schedule.next_run_at
    arm_paused(schedule, trigger)
    found, schedule.next_run_at = schedule.next_run_at, promised
    assert found is not None, "a pause with an end has a next look"
    return found
