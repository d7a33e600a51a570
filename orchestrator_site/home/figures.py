"""The numbers of the first page, each a link to what it counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD, show_distance, show_elapsed
from orchestrator_site.common.percentiles import find_percentile
from orchestrator_site.home.links import firings_url, say, tasks_url, window_url
from orchestrator_site.home.look import VIEW_FIRINGS, VIEW_SCHEDULES, VIEW_TASKS, Look
from orchestrator_site.home.words import WHY_SKIPPED, say_outcome, say_status, show_number
from schedules.forecasts import Forecast
from schedules.models import FiringOutcome
from schedules.overview import MAX_LATENESSES, count_not_run, read_latenesses
from tasks.models import CLAIMABLE, TaskStatus
from tasks.overview import count_by_status, find_queue
from tasks.standing import CurrentSteps
from tasks.states import FAILURES

Word = TypeVar("Word", bound=str)

HOUR = timedelta(hours=1)
# A task that has been on the queue for longer has no worker that is free.
SLOW_QUEUE = timedelta(seconds=60)
LATE_MS = 1_000

LOST = (FiringOutcome.MISSED, FiringOutcome.ERROR, FiringOutcome.INVALID_INPUTS)


@dataclass(frozen=True, slots=True)
class Card:
    """A number.

    Attributes:
        name: Of its element.
        label: What it counts.
        value: The number.
        note: A word more.
        tone: One of the colours of states, or empty.
        url: Of the list of what it counts.
    """

    name: str
    label: str
    value: str
    note: str
    tone: str
    url: str


def find_cards(look: Look) -> list[Card]:
    """Return the numbers that this user may see."""
    cards: list[Card] = []
    if look.may(VIEW_SCHEDULES):
        cards.append(_count_due(look))
    if look.may(VIEW_TASKS):
        cards += _count_tasks(look)
    if look.may(VIEW_FIRINGS):
        cards += _count_instants(look)
    return cards


def count_due(found: Forecast, *, until: datetime) -> int | None:
    """Return how many instants are planned before a moment: exactly, or by the counts; None where neither tells.

    Those that have been counted by the minute take the place of the list where that does not reach so far.
    """
    if found.exact_until >= until:
        return sum(planned.fire.at < until for planned in found.instants)
    if found.load is None or found.load_until is None or found.load_until < until:
        return None
    return sum(minute.count for minute in found.load if minute.minute < until)


def _count_due(look: Look) -> Card:
    until = look.now + HOUR
    count = count_due(look.forecast, until=until)
    value = (
        show_number(count)
        if count is not None
        else _("over %(count)s") % {"count": show_number(len(look.forecast.instants))}
    )
    first = look.forecast.instants[0].fire.at if look.forecast.instants else None
    note = _("the next %(when)s") % {"when": show_distance(first, now=look.now)} if first else _("nothing is planned")
    url = window_url(look.now, until)
    return Card("due", _("Due in the next hour"), value, note, BUSY if count else "", url)


def _count_tasks(look: Look) -> Iterator[Card]:
    counts = count_by_status(failed_since=look.yesterday)
    steps = CurrentSteps(now=look.now)
    found = [steps.find_of(task) for task in look.running] if counts.get(TaskStatus.RUNNING) else []
    overdue = sum(step is not None and step.is_overdue for step in found)
    running = counts.get(TaskStatus.RUNNING, 0)
    note = ngettext("%(count)s is overdue", "%(count)s are overdue", overdue) % {"count": overdue} if overdue else ""
    tone = ODD if overdue else BUSY if running else ""
    yield Card("running", _("Running now"), show_number(running), note, tone, tasks_url(status=TaskStatus.RUNNING))

    suspended = counts.get(TaskStatus.SUSPENDED, 0)
    others = counts.get(TaskStatus.WAITING, 0) + counts.get(TaskStatus.AWAITING_CALLBACK, 0)
    note = ngettext("%(count)s waits for a system", "%(count)s wait for a system", others) if others else ""
    note %= {"count": show_number(others)}
    url = tasks_url(status=TaskStatus.SUSPENDED)
    yield Card("suspended", _("Waiting for a person"), show_number(suspended), note, ODD if suspended else "", url)

    failed = {status: counts.get(status, 0) for status in FAILURES}
    note = _say_split(failed, {status: say_status(status) for status in FAILURES})
    url = tasks_url(status__in=",".join(FAILURES), finished_at__gte=say(look.yesterday))
    total = sum(failed.values())
    yield Card("failed", _("Failed in 24 h"), show_number(total), note, BAD if total else GOOD, url)
    yield _describe_queue(look)


def _describe_queue(look: Look) -> Card:
    queue = find_queue(now=look.now)
    waits = look.now - queue.oldest_since if queue.oldest_since else timedelta(0)
    note = _("the oldest for %(time)s") % {"time": show_elapsed(waits)} if queue.length else _("empty")
    tone = ODD if waits > SLOW_QUEUE else ""
    return Card(
        "queue", _("On the queue"), show_number(queue.length), note, tone, tasks_url(status__in=",".join(CLAIMABLE))
    )


def _count_instants(look: Look) -> Iterator[Card]:
    counts = count_not_run(since=look.yesterday)
    why_lost = {outcome: say_outcome(outcome) for outcome in LOST}
    why_skipped = {outcome: str(words) for outcome, words in WHY_SKIPPED.items()}
    for name, label, words, tone in (
        ("missed", _("Missed in 24 h"), why_lost, BAD),
        ("skipped", _("Skipped in 24 h"), why_skipped, ODD),
    ):
        outcomes = tuple(words)
        total = sum(counts.get(outcome, 0) for outcome in outcomes)
        note = _say_split({outcome: counts.get(outcome, 0) for outcome in outcomes}, words)
        url = firings_url(decided_at__gte=say(look.yesterday), outcome__in=",".join(outcomes))
        yield Card(name, label, show_number(total), note, tone if total else GOOD, url)
    yield _describe_lateness(look)


def _describe_lateness(look: Look) -> Card:
    values = read_latenesses(since=look.yesterday)
    url = firings_url(decided_at__gte=say(look.yesterday), late_by_ms=LATE_MS)
    if not values:
        return Card("late", _("Late by, p50 / p99"), "–", _("no firing in 24 h"), "", url)  # noqa: RUF001  # a dash
    half, most = find_percentile(values, 50), find_percentile(values, 99)
    name = _("of the last %(count)s") if len(values) >= MAX_LATENESSES else _("of %(count)s in 24 h")
    note = name % {"count": show_number(len(values))}
    value = f"{_show_seconds(half)} / {_show_seconds(most)}"
    return Card("late", _("Late by, p50 / p99"), value, note, ODD if most > SLOW_QUEUE.seconds * 1000 else "", url)


def _show_seconds(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 10:  # noqa: PLR2004  # there a digit after the point says something
        return f"{seconds:.2f} s"
    return show_elapsed(timedelta(seconds=seconds))


def _say_split(counts: Mapping[Word, int], words: Mapping[Word, str]) -> str:
    """Return how a number is made up, of what has a word: `overlap 300, paused 12`."""
    told = ((words[key], count) for key, count in counts.items() if count and key in words)
    return ", ".join(f"{word} {show_number(count)}" for word, count in told)
