"""Reading schedules as what a forecast takes: a next run, a spread, and a rule that many of them may share."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Case, F, Q, QuerySet, TextField, When
from django.db.models.functions import Cast

from schedules.forecasting import SharedRule, Source, Timetables
from schedules.models import ResumePolicy, Schedule, ScheduleState

# Where an interval's grid lies follows from its next run, unless that is the end of a pause. Combinations have one if
# one of their parts has.
_IS_PAUSED = Q(state=ScheduleState.PAUSED)
_HAS_GRID = _IS_PAUSED | Q(trigger="calendarinterval") | Q(trigger__in=["and", "or"], kwargs_json__contains='interval"')
# What a pause skips for good is gone at its end; a one-shot runs then, and what else is to be run once.
_SKIPS_FOR_GOOD = _IS_PAUSED & Q(resume_policy=ResumePolicy.SKIP) & ~Q(trigger="date")
_RULE = ("trigger", "kwargs_json", "timezone", "dst_gap", "dst_fold", "on_missing_day", "grid")
_COLUMNS = ("pk", "next_run_at", "spread_seconds", "released_at", *_RULE)


def as_forecast_rows(schedules: QuerySet[Schedule]) -> QuerySet[Schedule, tuple[Any, ...]]:
    """Return those schedules that will run, as rows for `read_sources`: no row is parsed further than it has to be."""
    return (
        schedules.filter(next_run_at__isnull=False)
        .annotate(kwargs_json=Cast("trigger_kwargs", TextField()))
        .annotate(
            grid=Case(When(_HAS_GRID, then=F("grid_start_at"))),
            released_at=Case(When(_SKIPS_FOR_GOOD, then=F("paused_until"))),
        )
        .values_list(*_COLUMNS)
    )


def read_sources(rows: Iterable[Sequence[Any]], timetables: Timetables) -> Iterator[Source]:
    """Yield what each row stands for, but for those that will not run after all.

    These are schedules whose trigger cannot be built, and those that wait for the end of a pause with nothing after it.
    """
    for schedule_id, next_run_at, spread_seconds, released_at, *rule in rows:
        timetable = timetables.find(SharedRule(*rule))
        if timetable is None:
            continue
        source = Source(schedule_id, next_run_at, spread_seconds, timetable)
        if next_run_at != released_at or source.goes_on():
            yield source
