"""Which moments one may want explained: those that passed last, those that come next, and the one that went wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from schedules.admin.outcomes import show_outcome
from schedules.admin.tabs import Subject
from schedules.history import History
from schedules.models import Firing, FiringCause, FiringOutcome
from schedules.previews import find_fires
from schedules.triggers import TriggerError

# The last one that did not run is looked for among so many rows.
MAX_LOOKED_AT = 200
RECENT, COMING = 6, 5
RAN = frozenset({FiringOutcome.STARTED, FiringOutcome.QUEUED})


@dataclass(frozen=True, slots=True)
class Pick:
    """A moment to choose, on the clocks of the schedule."""

    words: str
    url: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Picks:
    """The moments that are offered; `quick` are those that one mostly looks for."""

    quick: Sequence[Pick]
    recent: Sequence[Pick]
    coming: Sequence[Pick]


def list_picks(subject: Subject, now: datetime, *, may_see_firings: bool) -> Picks:
    """Return the moments that are offered for a schedule."""
    rows = History(schedule_id=subject.id).read_older(than=None, limit=MAX_LOOKED_AT) if may_see_firings else []
    coming = _find_coming(subject, now)
    return Picks(
        quick=list(_choose_quick(subject, rows, coming)),
        recent=[_pick(subject, row.due_at, outcome=row.outcome) for row in rows[:RECENT]],
        coming=[_pick(subject, moment) for moment in coming],
    )


def _find_coming(subject: Subject, now: datetime) -> Sequence[datetime]:
    if subject.schedule is None:
        return []
    try:
        fires, _is_truncated = find_fires(schedule=subject.schedule, after=None, count=COMING, now=now)
    except TriggerError:  # the explanation says so
        return []
    return [fire.at for fire in fires]


def _choose_quick(subject: Subject, rows: Sequence[Firing], coming: Sequence[datetime]) -> Iterator[Pick]:
    planned = (row for row in rows if row.cause in {FiringCause.SCHEDULE, FiringCause.CATCHUP})
    if (last := next(planned, None)) is not None:
        yield _pick(subject, last.due_at, words=_("The last time"))
    if (failed := next((row for row in rows if row.outcome not in RAN), None)) is not None:
        yield _pick(subject, failed.due_at, words=_("The last that did not run"))
    if coming:
        yield _pick(subject, coming[0], words=_("The next time"))
    yield Pick(_("Now"), _url_of(subject))


def _pick(subject: Subject, moment: datetime, *, words: str = "", outcome: str = "") -> Pick:
    shown = format_date(moment.astimezone(ZoneInfo(subject.timezone)), "D Y-m-d H:i:s T")
    url = f"{_url_of(subject)}?{urlencode({'at': moment.isoformat()})}"
    return Pick(words or shown, url, show_outcome(outcome) if outcome else "")


def _url_of(subject: Subject) -> str:
    return reverse("admin:schedules_schedule_explain", args=[subject.id])
