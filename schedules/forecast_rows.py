"""Reading schedules as what a forecast takes: a next run, a spread, and a rule that many of them may share."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Case, F, Q, QuerySet, TextField, When
from django.db.models.functions import Cast

from schedules.forecasting import Rule, Source, Timetables
from schedules.models import Schedule

# Where an interval's grid lies follows from its next run. Combinations have one if one of their parts has.
_HAS_GRID = Q(trigger="calendarinterval") | Q(trigger__in=["and", "or"], kwargs_json__contains='interval"')
_RULE = ("trigger", "kwargs_json", "timezone", "dst_gap", "dst_fold", "on_missing_day", "grid")
_COLUMNS = ("pk", "next_run_at", "spread_seconds", *_RULE)


def as_forecast_rows(schedules: QuerySet[Schedule]) -> QuerySet[Schedule, tuple[Any, ...]]:
    """Return those schedules that will run, as rows for `read_sources`: no row is parsed further than it has to be."""
    return (
        schedules.filter(next_run_at__isnull=False)
        .annotate(kwargs_json=Cast("trigger_kwargs", TextField()))
        .annotate(grid=Case(When(_HAS_GRID, then=F("grid_start_at"))))
        .values_list(*_COLUMNS)
    )


def read_sources(rows: Iterable[Sequence[Any]], timetables: Timetables) -> Iterator[Source]:
    """Yield what each row stands for, but for those whose trigger cannot be built: they never fire."""
    for schedule_id, next_run_at, spread_seconds, *rule in rows:
        timetable = timetables.find(Rule(*rule))
        if timetable is not None:
            yield Source(schedule_id, next_run_at, spread_seconds, timetable)
