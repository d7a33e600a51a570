"""`cron`: a pattern of readings of the wall clock.

Fixed times of day, whose minute and hour both do not begin with `*`, follow the policies for gap and fold. All other
patterns follow elapsed time: what the clocks skip does not happen, what they show twice happens twice. That is the rule
of Debian's cron(8).
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schedules.triggers.cron_fields import FIELDS, read_fields
from schedules.triggers.crontab import read_crontab
from schedules.triggers.errors import TriggerError
from schedules.triggers.fields import Kwargs
from schedules.triggers.pattern import Pattern
from schedules.triggers.wallclock import WallClockTrigger

ARGUMENTS = (*FIELDS, "crontab", "start_date", "end_date")


class CronTrigger(WallClockTrigger):
    """Fires when the clocks of `zone` match the fields, or a crontab string."""

    __slots__ = ("_text", "has_fixed_time")

    def __init__(
        self,
        kwargs: Kwargs,
        *,
        zone: ZoneInfo,
        start: datetime | None,
        end: datetime | None,
        dst_gap: str = "run_after",
        dst_fold: str = "first",
    ) -> None:
        pattern, self.has_fixed_time = read_pattern(kwargs)
        self._text = _say(kwargs)
        if not self.has_fixed_time:
            dst_gap, dst_fold = "skip", "both"
        super().__init__(pattern, zone=zone, start=start, end=end, dst_gap=dst_gap, dst_fold=dst_fold)

    def __str__(self) -> str:
        return self._text


def read_pattern(kwargs: Kwargs) -> tuple[Pattern, bool]:
    """Return the pattern of a cron trigger's arguments, and whether it is one of fixed times of day.

    Raises:
        TriggerError: An expression cannot be read, or there is none, or a crontab string beside others.
    """
    if kwargs.get("crontab") is None:
        fields = read_fields(kwargs)
        is_union = False
    else:
        beside = [name for name in FIELDS if kwargs.get(name) is not None]
        if beside:
            raise TriggerError(
                f"'{beside[0]}' cannot stand beside 'crontab', which says it all; leave one of them out",
                field=f"trigger_kwargs.{beside[0]}",
                value=kwargs[beside[0]],
            )
        crontab = read_crontab(kwargs["crontab"])
        fields, is_union = crontab.fields, crontab.is_union
    has_fixed_time = not (fields["hour"].begins_with_star or fields["minute"].begins_with_star)
    return Pattern(fields, is_union=is_union), has_fixed_time


def _say(kwargs: Kwargs) -> str:
    given: dict[str, Any] = {name: kwargs[name] for name in (*FIELDS, "crontab") if kwargs.get(name) is not None}
    words = (f"{name}='{str(value).strip()}'" for name, value in given.items())
    return f"cron[{', '.join(words)}]"
