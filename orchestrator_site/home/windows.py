"""From when to when: what somebody typed on their own clocks, and the windows that are asked for most."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orchestrator_site.common.errors import InvalidValue
from schedules.triggers.clocks import first_moment_of

LONGEST = timedelta(days=31)
USUAL = timedelta(days=1)
MAX_SHOWN_CHARACTERS = 100

_LATEST = datetime.max.replace(tzinfo=UTC) - USUAL


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, inclusive, to `end`, exclusive."""

    start: datetime
    end: datetime


def read_span(start: str, end: str, *, zone: ZoneInfo, now: datetime) -> Span:
    """Return what two texts name; from now, and for a day, where they are empty.

    Args:
        start: ISO 8601; without an offset it is what the clocks of the zone show.
        end: The same.
        zone: That of whoever has typed them.
        now: The time of the page.

    Raises:
        InvalidValue: One of them is no moment, or they make no window; its field is `from` or `to`.
    """
    first = read_moment("from", start, zone) if start else now
    last = read_moment("to", end, zone) if end else min(first, _LATEST) + USUAL
    if last <= first:
        raise InvalidValue(_("Give a moment after the one from which it begins."), field="to", value=end)
    if last - first > LONGEST:
        told = _("Give a moment within %(days)s days after the beginning.") % {"days": LONGEST.days}
        raise InvalidValue(told, field="to", value=end)
    return Span(first, last)


def read_moment(field: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the moment that a text names, on the clocks of a zone if it has no offset.

    Raises:
        InvalidValue: It is none; its field is `field`.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else first_moment_of(moment, zone)
    except (ValueError, OverflowError):
        shown = text[:MAX_SHOWN_CHARACTERS]
        told = _("“%(text)s” is no moment. Write one as in 2027-03-01T18:00.") % {"text": shown}
        raise InvalidValue(told, field=field, value=shown) from None


def list_usual(*, zone: ZoneInfo, now: datetime) -> list[tuple[str, Span]]:
    """Return the windows that are asked for most, each with its name."""
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)

    def on_clocks(day: date, hour: int) -> datetime:
        return first_moment_of(datetime.combine(day, time(hour)), zone)

    night = today if now < on_clocks(today, 3) else tomorrow
    return [
        (_("The next hour"), Span(now, now + timedelta(hours=1))),
        (_("Tonight, 01:00 to 03:00"), Span(on_clocks(night, 1), on_clocks(night, 3))),
        (_("The next 24 hours"), Span(now, now + USUAL)),
        (_("Tomorrow"), Span(on_clocks(tomorrow, 0), on_clocks(tomorrow + timedelta(days=1), 0))),
        (_("The last hour"), Span(now - timedelta(hours=1), now)),
    ]
