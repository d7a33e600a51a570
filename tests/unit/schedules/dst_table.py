"""The tables of docs/time.md: what each trigger and policy does on the days on which clocks change.

They are computed, not written: `python -m tests.unit.schedules.dst_table` puts them into the page anew.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers import build_trigger, fire_times_between
from schedules.triggers.clocks import first_moment_of, gaps_between, stretch_at
from schedules.triggers.fires import Fire, describe_fires

PAGE = Path(__file__).parents[3] / "docs" / "time.md"
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NONE = "not at all"

Policies = tuple[dict[str, Any], ...]
GAPS: Policies = ({}, {"dst_gap": "skip"})
FOLDS: Policies = ({}, {"dst_fold": "second"}, {"dst_fold": "both"})
POLICIES: Policies = (*GAPS, *FOLDS[1:])
DEFAULT: Policies = ({},)
# For what goes by no policy: whichever is chosen, the instants are these.
ANY: Policies = (dict[str, Any](),)


@dataclass(frozen=True)
class Rule:
    """A trigger, and the policies under which it is shown."""

    kind: str
    kwargs: dict[str, Any]
    policies: Policies = POLICIES

    def fires(self, zone: str, options: dict[str, Any], start: datetime, end: datetime) -> list[Fire]:
        """Return its instants from `start` on and before `end`."""
        trigger = build_trigger(self.kind, self.kwargs, timezone=zone, grid_start=start, **options)
        times = fire_times_between(trigger, after=start - _TICK, until=end - _TICK, limit=200)
        return describe_fires(trigger, timezone=zone, times=times)

    def __str__(self) -> str:
        return f"`{self.kind} {json.dumps(self.kwargs)}`"


@dataclass(frozen=True)
class ChangeTable:
    """A zone in a year with one gap and one fold; a row for each rule and policy shows hours around them."""

    zone: str
    gap_from: datetime
    fold_from: datetime
    hours: int
    rules: Sequence[Rule]

    @property
    def _begins(self) -> tuple[datetime, datetime]:
        return self.gap_from, self.fold_from

    def render(self) -> str:
        zone = ZoneInfo(self.zone)
        starts = [first_moment_of(each, zone) for each in self._begins]
        ends = [first_moment_of(each + timedelta(hours=self.hours), zone) for each in self._begins]
        header = ["trigger", "policy", _say_gap(zone, starts[0], ends[0]), _say_fold(zone, starts[1], ends[1])]
        rows = []
        for rule in self.rules:
            for options in rule.policies:
                cells = [
                    _say_times(rule.fires(self.zone, options, start, end))
                    for start, end in zip(starts, ends, strict=True)
                ]
                rows.append([str(rule), _say_policy(rule, options), *cells])
        hours = [f"{each:%H:%M} to {each + timedelta(hours=self.hours):%H:%M}" for each in self._begins]
        shown = hours[0] if hours[0] == hours[1] else f"{hours[0]}, and {hours[1]} in autumn"
        return f"What fires in {self.zone} from {shown}:\n\n{_table(header, rows)}"


@dataclass(frozen=True)
class DaysTable:
    """Three days around each change of a zone's clocks, with all that fires on them."""

    zone: str
    days: Sequence[date]
    rules: Sequence[Rule]

    def render(self) -> str:
        rows = [[str(rule), *(self._cell(rule, day) for day in self.days)] for rule in self.rules]
        header = ["trigger", *(_say_day(day) for day in self.days)]
        return f"What fires in {self.zone} on whole days:\n\n{_table(header, rows)}"

    def _cell(self, rule: Rule, day: date) -> str:
        zone = ZoneInfo(self.zone)
        start, end = (first_moment_of(datetime.combine(each, time()), zone) for each in (day, day + _DAY))
        return _say_times(rule.fires(self.zone, {}, start, end))


def _on(text: str) -> datetime:
    return datetime.fromisoformat(text)


TABLES = (
    ChangeTable(
        zone="Europe/Amsterdam",
        gap_from=_on("2027-03-28T01:00"),
        fold_from=_on("2027-10-31T01:00"),
        hours=3,
        rules=(
            Rule("cron", {"hour": 2, "minute": 30}),
            Rule("cron", {"hour": "2,3", "minute": "0,30"}, DEFAULT),
            Rule("calendarinterval", {"days": 1, "hour": 2, "minute": 30}),
            Rule("cron", {"hour": "*", "minute": 30}, ANY),
            Rule("cron", {"hour": "*/2"}, ANY),
            Rule("cron", {"hour": 2, "minute": "*/30"}, ANY),
            Rule("interval", {"hours": 1, "start_date": "2027-01-01T00:30"}, ANY),
            Rule("date", {"run_date": "2027-03-28T02:30"}, ANY),
            Rule("date", {"run_date": "2027-10-31T02:30"}, ANY),
        ),
    ),
    ChangeTable(
        zone="Australia/Lord_Howe",
        gap_from=_on("2027-10-03T01:00"),
        fold_from=_on("2027-04-04T01:00"),
        hours=2,
        rules=(
            Rule("cron", {"hour": 2, "minute": 15}, GAPS),
            Rule("cron", {"hour": 1, "minute": 45}, FOLDS),
            Rule("cron", {"hour": "*", "minute": "*/30"}, ANY),
            Rule("interval", {"minutes": 30, "start_date": "2027-01-01T00:00"}, ANY),
        ),
    ),
    ChangeTable(
        zone="America/Santiago",
        gap_from=_on("2027-09-04T23:00"),
        fold_from=_on("2027-04-03T22:00"),
        hours=3,
        rules=(
            Rule("cron", {"hour": 0}, GAPS),
            Rule("cron", {"hour": 23, "minute": 30}, FOLDS),
            Rule("cron", {"hour": "*"}, ANY),
        ),
    ),
    DaysTable(
        zone="Europe/Amsterdam",
        days=[date(2027, 3, 27), date(2027, 3, 28), date(2027, 3, 29), date(2027, 10, 30), date(2027, 10, 31)],
        rules=(
            Rule("cron", {"hour": 8}),
            Rule("calendarinterval", {"days": 1, "hour": 8}),
            Rule("interval", {"days": 1, "start_date": "2027-03-01T08:00"}),
        ),
    ),
)


def render_tables() -> list[str]:
    """Return the tables of the page, in their order."""
    return [table.render() for table in TABLES]


def replace_tables(page: str) -> str:
    """Return the page with its tables as they are computed now; each stands between two comments."""
    tables: Iterator[str] = iter(render_tables())
    return re.sub(
        r"(<!-- computed -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}{next(tables)}\n{found[2]}",
        page,
        flags=re.DOTALL,
    )


def _say_day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _say_gap(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    [gap] = gaps_between(zone, start, end)
    return f"{_say_day(gap.first.date())}, no {gap.first:%H:%M} to {gap.end:%H:%M}"


def _say_fold(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    change = stretch_at(zone, start).end
    assert change < end, "there is a fold within the hours shown"
    after = stretch_at(zone, change)
    first = (change + after.offset).replace(tzinfo=None)
    return f"{_say_day(first.date())}, {first:%H:%M} to {first + after.repeats:%H:%M} twice"


def _say_policy(rule: Rule, options: dict[str, Any]) -> str:
    if options:
        return ", ".join(f"`{name}` `{value}`" for name, value in options.items())
    return "any" if rule.policies is ANY else "default"


def _say_times(fires: list[Fire]) -> str:
    """Return what the clocks show, with the offset where they show it twice."""
    return (
        ", ".join(f"{fire.local:%H:%M}{f' ({fire.offset})' if fire.dst == 'fold' else ''}" for fire in fires) or _NONE
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace(" --- ", "---")


if __name__ == "__main__":
    PAGE.write_text(replace_tables(PAGE.read_text()))
