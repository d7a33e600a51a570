"""`calendarinterval`: every so many days, weeks, months or years, at one time of day on the wall clock."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.triggers.budget import Budget
from schedules.triggers.errors import TriggerError
from schedules.triggers.fields import Kwargs, read_count, refuse_empty_period
from schedules.triggers.wallclock import WallClockTrigger

UNITS = ("years", "months", "weeks", "days")
TIME_OF_DAY = {"hour": 23, "minute": 59, "second": 59}
ARGUMENTS = (*UNITS, *TIME_OF_DAY, "start_date", "end_date")
MISSING_DAYS = ("skip", "last_day")

_MONTHS = 12
_DAYS_OF_A_MONTH = 30.436875  # on average, in the Gregorian calendar
_DAY = timedelta(days=1)


class CalendarDays:
    """The days `anchor + k·months + k·days`, for k = 0, 1, …, at one time of day.

    Each is counted from the anchor, so that 31 January, with `last_day`, is followed by 28 February and 31 March.
    """

    __slots__ = ("_anchor", "_days", "_months", "_takes_last_day", "_time", "last_year")

    def __init__(self, *, anchor: date, months: int, days: int, time_of_day: time, on_missing_day: str) -> None:
        self._anchor = anchor
        self._months, self._days = months, days
        self._time = time_of_day.replace(tzinfo=UTC)
        self._takes_last_day = on_missing_day == "last_day"
        self.last_year = 9999

    def first_from(self, reading: datetime, end: datetime, budget: Budget) -> datetime | None:
        """Return the first reading from `reading` on and before `end`."""
        step = self._step_before(reading.date())
        while True:
            budget.spend()
            day, is_missing = self._day_of(step)
            found = datetime.combine(day, self._time)
            if found >= end:
                return None
            if found >= reading and not (is_missing and not self._takes_last_day):
                return found
            step += 1

    def _step_before(self, day: date) -> int:
        """Return a step whose day lies before this one, or the first step; never far before it."""
        ahead = (day - self._anchor).days
        step = max(int(ahead / (self._months * _DAYS_OF_A_MONTH + self._days)) - 1, 0)
        while step > 0 and self._day_of(step)[0] >= day:
            step -= 1
        return step

    def _day_of(self, step: int) -> tuple[date, bool]:
        """Return the day of a step, and whether its month is too short and the last day of it was taken."""
        months = self._anchor.month - 1 + step * self._months
        year, month = self._anchor.year + months // _MONTHS, months % _MONTHS + 1
        day = min(self._anchor.day, monthrange(year, month)[1])
        return date(year, month, day) + step * self._days * _DAY, day < self._anchor.day


class CalendarIntervalTrigger(WallClockTrigger):
    """Fires on the days of its grid, which begins at `anchor`; the policies for gap and fold apply to it."""

    __slots__ = ("_text", "anchor")

    def __init__(
        self,
        kwargs: Kwargs,
        *,
        anchor: date,
        zone: ZoneInfo,
        start: datetime | None,
        end: datetime | None,
        dst_gap: str = "run_after",
        dst_fold: str = "first",
        on_missing_day: str = "skip",
    ) -> None:
        counts = {unit: read_count(kwargs, unit) for unit in UNITS}
        hour, minute, second = (read_count(kwargs, name, largest=largest) for name, largest in TIME_OF_DAY.items())
        refuse_empty_period(counts)
        days = CalendarDays(
            anchor=anchor,
            months=counts["years"] * _MONTHS + counts["months"],
            days=counts["weeks"] * 7 + counts["days"],
            time_of_day=time(hour, minute, second),
            on_missing_day=on_missing_day,
        )
        self._text = _say(kwargs)
        self.anchor = anchor
        super().__init__(days, zone=zone, start=start, end=end, dst_gap=dst_gap, dst_fold=dst_fold)

    def __str__(self) -> str:
        return self._text


def read_first_day(anchor: datetime, kwargs: Kwargs, zone: ZoneInfo) -> date:
    """Return the day of a moment on the clocks of a zone, from which the days are counted.

    Raises:
        TriggerError: `start_date`, from which it comes, is a moment that those clocks cannot show.
    """
    try:
        return anchor.astimezone(zone).date()
    except OverflowError as error:
        value = kwargs.get("start_date")
        raise TriggerError(
            f"'start_date' is {value!r}; the clocks of {zone.key} show no day of the years 1 to 9999 then",
            field="trigger_kwargs.start_date",
            value=value,
        ) from error


def _say(kwargs: Kwargs) -> str:
    words = (f"{name}='{kwargs[name]}'" for name in (*UNITS, *TIME_OF_DAY) if kwargs.get(name) is not None)
    return f"calendarinterval[{', '.join(words)}]"
