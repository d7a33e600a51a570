"""One pattern or more of each class of cron expressions, and what it means, written down a second time."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracles.definition import HOURS, MINUTES, Meaning

SATURDAY, SUNDAY = 5, 6
EVERY_SECOND = range(60)


@dataclass(frozen=True, eq=False)
class Pattern:
    """A trigger, its meaning, and whether it is a fixed time of day.

    `crontab` says the same to the oracle `cronsim`, which knows only five fields. `reach_hours` is how far around a
    change of the clocks it is compared: a pattern that fires often is compared near to it.
    """

    name: str
    kwargs: dict[str, Any]
    meaning: Meaning
    is_fixed: bool
    crontab: str | None = None
    reach_hours: int = 30

    def __str__(self) -> str:
        return self.name


def is_last(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def is_nth(day: date, nth: int, weekday: int) -> bool:
    return day.weekday() == weekday and (day.day + 6) // 7 == nth


def is_last_of_its_kind(day: date) -> bool:
    return (day + timedelta(days=7)).month != day.month


FIXED = (
    Pattern(
        "fixed minute and hour",
        {"hour": 2, "minute": 30},
        Meaning({30}, {2}),
        is_fixed=True,
        crontab="30 2 * * *",
    ),
    Pattern("midnight", {"hour": 0}, Meaning({0}, {0}), is_fixed=True, crontab="0 0 * * *"),
    Pattern(
        "last minute of the day",
        {"crontab": "59 23 * * *"},
        Meaning({59}, {23}),
        is_fixed=True,
        crontab="59 23 * * *",
    ),
    Pattern(
        "fixed lists",
        {"hour": "0,1,2,3,23", "minute": "0,20,45"},
        Meaning({0, 20, 45}, {0, 1, 2, 3, 23}),
        is_fixed=True,
        crontab="0,20,45 0,1,2,3,23 * * *",
    ),
    Pattern(
        "fixed ranges with steps",
        {"hour": "0-4", "minute": "0-59/15"},
        Meaning(range(0, 60, 15), range(5)),
        is_fixed=True,
        crontab="0-59/15 0-4 * * *",
    ),
    Pattern(
        "a range of every hour",
        {"crontab": "10 0-23 * * *"},
        Meaning({10}, HOURS),
        is_fixed=True,
        crontab="10 0-23 * * *",
    ),
    Pattern(
        "ranges of every minute",
        {"hour": "0-23", "minute": "0-59"},
        Meaning(MINUTES, HOURS),
        is_fixed=True,
        crontab="0-59 0-23 * * *",
        reach_hours=2,
    ),
    Pattern(
        "fixed, weekday",
        {"day_of_week": "sun", "hour": "1,23", "minute": 50},
        Meaning({50}, {1, 23}, lambda day: day.weekday() == SUNDAY),
        is_fixed=True,
        crontab="50 1,23 * * 0",
    ),
    Pattern(
        "fixed, working days",
        {"crontab": "30 0,2 * * mon-FRI"},
        Meaning({30}, {0, 2}, lambda day: day.weekday() < SATURDAY),
        is_fixed=True,
        crontab="30 0,2 * * MON-FRI",
    ),
    Pattern(
        "fixed, days",
        {"day": "1-9,25-31", "hour": 2, "minute": 15},
        Meaning({15}, {2}, lambda day: day.day <= 9 or day.day >= 25),
        is_fixed=True,
        crontab="15 2 1-9,25-31 * *",
    ),
    Pattern(
        "fixed, months",
        {"month": "mar-apr,9-11", "hour": "0,2", "minute": 30},
        Meaning({30}, {0, 2}, lambda day: day.month in {3, 4, 9, 10, 11}),
        is_fixed=True,
        crontab="30 0,2 * MAR-APR,9-11 *",
    ),
    Pattern(
        "fixed, day or weekday",
        {"crontab": "30 0,2 1-7 * 7"},
        Meaning({30}, {0, 2}, lambda day: day.day <= 7 or day.weekday() == SUNDAY),
        is_fixed=True,
        crontab="30 0,2 1-7 * 7",
    ),
    Pattern(
        "fixed, day and weekday",
        {"day": "8-14,25-31", "day_of_week": "sat-sun", "hour": "0-3", "minute": 5},
        Meaning({5}, range(4), lambda day: (8 <= day.day <= 14 or day.day >= 25) and day.weekday() >= SATURDAY),
        is_fixed=True,
    ),
    Pattern(
        "fixed, day with a star and weekday",
        {"crontab": "5 0-3 */2 * 0"},
        Meaning({5}, range(4), lambda day: day.day % 2 == 1 and day.weekday() == SUNDAY),
        is_fixed=True,
        crontab="5 0-3 */2 * 0",
    ),
    Pattern(
        "fixed, last day of the month",
        {"day": "last", "hour": "0,2,23", "minute": 30},
        Meaning({30}, {0, 2, 23}, is_last),
        is_fixed=True,
        crontab="30 0,2,23 L * *",
    ),
    Pattern(
        "fixed, last Sunday of the month",
        {"crontab": "30 2 * * 0L"},
        Meaning({30}, {2}, lambda day: day.weekday() == SUNDAY and is_last_of_its_kind(day)),
        is_fixed=True,
        crontab="30 2 * * 0L",
    ),
    Pattern(
        "fixed, n-th weekday",
        {"day": "2nd sun, 1st sun", "hour": 2, "minute": 30},
        Meaning({30}, {2}, lambda day: is_nth(day, 1, SUNDAY) or is_nth(day, 2, SUNDAY)),
        is_fixed=True,
        crontab="30 2 * * 0#1,0#2",
    ),
    Pattern(
        "fixed, with seconds",
        {"hour": "0-3", "minute": "0,30", "second": "*/20"},
        Meaning({0, 30}, range(4), seconds={0, 20, 40}),
        is_fixed=True,
    ),
    Pattern(
        "fixed, six fields",
        {"crontab": "15,45 59 1-2 * * *"},
        Meaning({59}, {1, 2}, seconds={15, 45}),
        is_fixed=True,
    ),
    Pattern(
        "fixed, week and year",
        {"year": "2000-2037/2", "week": "1-52/3,13,43", "hour": 2, "minute": 0},
        Meaning(
            {0},
            {2},
            lambda day: day.year % 2 == 0 and (day.isocalendar().week % 3 == 1 or day.isocalendar().week in {13, 43}),
        ),
        is_fixed=True,
    ),
)

ELAPSED = (
    Pattern("every minute", {"minute": "*"}, Meaning(MINUTES, HOURS), is_fixed=False, reach_hours=2),
    Pattern("minute step", {"crontab": "*/7 * * * *"}, Meaning(range(0, 60, 7), HOURS), is_fixed=False, reach_hours=5),
    Pattern("every hour, fixed minute", {"minute": 30}, Meaning({30}, HOURS), is_fixed=False),
    Pattern("every hour, at the full one", {"crontab": "@hourly"}, Meaning({0}, HOURS), is_fixed=False),
    Pattern("hour step", {"hour": "*/2"}, Meaning({0}, range(0, 24, 2)), is_fixed=False),
    Pattern(
        "hour step, minutes",
        {"crontab": "15,45 */3 * * *"},
        Meaning({15, 45}, range(0, 24, 3)),
        is_fixed=False,
    ),
    Pattern(
        "minute star, fixed hours",
        {"hour": "0-3,23", "minute": "*/10"},
        Meaning(range(0, 60, 10), {0, 1, 2, 3, 23}),
        is_fixed=False,
    ),
    Pattern(
        "minute list that begins with a star",
        {"hour": 2, "minute": "*/20,5"},
        Meaning({0, 5, 20, 40}, {2}),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, weekday",
        {"day_of_week": "sun", "hour": "*", "minute": "5,55"},
        Meaning({5, 55}, HOURS, lambda day: day.weekday() == SUNDAY),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, days and months",
        {"crontab": "*/30 * 1-9,25-31 3,4,9-11 *"},
        Meaning({0, 30}, HOURS, lambda day: (day.day <= 9 or day.day >= 25) and day.month in {3, 4, 9, 10, 11}),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, day or weekday",
        {"crontab": "20 * 1-7 * 0"},
        Meaning({20}, HOURS, lambda day: day.day <= 7 or day.weekday() == SUNDAY),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, day with a star and weekday",
        {"crontab": "15 */3 */2 * 6,7"},
        Meaning({15}, range(0, 24, 3), lambda day: day.day % 2 == 1 and day.weekday() >= SATURDAY),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, last day of the month",
        {"day": "last", "hour": "*", "minute": 0},
        Meaning({0}, HOURS, is_last),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, last and n-th weekday",
        {"crontab": "30 * * * 0L,0#2"},
        Meaning(
            {30},
            HOURS,
            lambda day: day.weekday() == SUNDAY and (is_last_of_its_kind(day) or is_nth(day, 2, SUNDAY)),
        ),
        is_fixed=False,
    ),
    Pattern(
        "elapsed, week",
        {"week": "*/2", "hour": "*", "minute": 0},
        Meaning({0}, HOURS, lambda day: day.isocalendar().week % 2 == 1),
        is_fixed=False,
    ),
    Pattern(
        "every hour, seconds",
        {"crontab": "0,30 15 * * * *"},
        Meaning({15}, HOURS, seconds={0, 30}),
        is_fixed=False,
    ),
    Pattern(
        "seconds of every minute",
        {"second": "*/15"},
        Meaning(MINUTES, HOURS, seconds={0, 15, 30, 45}),
        is_fixed=False,
        reach_hours=1,
    ),
    Pattern(
        "seconds of a fixed hour",
        {"hour": 2, "minute": "*", "second": 59},
        Meaning(MINUTES, {2}, seconds={59}),
        is_fixed=False,
        reach_hours=4,
    ),
)

PATTERNS = FIXED + ELAPSED
