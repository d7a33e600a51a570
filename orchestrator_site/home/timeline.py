"""The time line: what ran, what did not, and what is planned, of the schedules that matter most and of all together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from orchestrator_site.home.axis import Axis
from orchestrator_site.home.everything import Heap, count_heaps
from orchestrator_site.home.lanes import Drawn, Item, Kind, choose_lanes, draw
from orchestrator_site.home.links import (
    firing_url,
    firings_url,
    say,
    schedule_url,
    task_url,
    tasks_url,
    window_url,
)
from orchestrator_site.home.look import VIEW_FIRINGS, VIEW_TASKS, Look
from orchestrator_site.home.words import say_outcome, say_status
from schedules.forecasts import Forecast, find_spaced
from schedules.models import Firing, FiringOutcome
from schedules.overview import Shown, find_shown
from tasks.models import TaskStatus
from tasks.overview import Run, count_ended, list_runs
from tasks.states import FAILURES

BEHIND, AHEAD = timedelta(hours=6), timedelta(hours=24)
MAX_LANES = 14
# Planned instants of a schedule are drawn so far apart at least: nearer ones could not be told apart.
APART = timedelta(minutes=15)
MAX_RUNS = 3_000
# Somebody wanted these, or another instant was run for them: they matter less.
DELIBERATE = frozenset({FiringOutcome.SKIPPED_PAUSED, FiringOutcome.SKIPPED_FROZEN, FiringOutcome.COALESCED})

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(FAILURES, Kind.FAILED),
    TaskStatus.RUNNING: Kind.RUNNING,
    TaskStatus.SUSPENDED: Kind.HELD,
    TaskStatus.WAITING: Kind.HELD,
    TaskStatus.AWAITING_CALLBACK: Kind.HELD,
    TaskStatus.CREATED: Kind.QUEUED,
    TaskStatus.RESUMED: Kind.QUEUED,
    TaskStatus.ABORTED: Kind.ABORTED,
    TaskStatus.COMPLETED: Kind.DONE,
}


class Lane:
    """One schedule, with what is drawn of it."""

    def __init__(self, schedule_id: UUID, shown: Shown, drawn: Sequence[Drawn]) -> None:
        self.schedule_id, self.name, self.timezone, self.drawn = schedule_id, shown.name, shown.timezone, drawn

    @property
    def url(self) -> str:
        """The page of the schedule."""
        return schedule_url(self.schedule_id)


class TimeLine:
    """What is drawn for one user.

    Attributes:
        axis: From six hours ago to a day from now.
        lanes: The schedules that matter most, those first of which something has failed.
        heaps: How much there is of all schedules together, in each ten minutes that have passed.
        drawn_from: From when on all tasks of these schedules are drawn.
        is_complete: Whether all instants that did not run are drawn.
    """

    def __init__(self, look: Look) -> None:
        self.axis = Axis(look.now - BEHIND, look.now, look.now + AHEAD)
        self._look = look
        self._sees_tasks = look.may(VIEW_TASKS)
        self._not_run = self._read_not_run()
        forecast = look.forecast
        self.is_complete = not look.may(VIEW_FIRINGS) or look.has_all_not_run(since=self.axis.start)
        shown = self._choose(forecast)
        runs = list_runs(list(shown), since=self.axis.start, limit=MAX_RUNS) if shown and self._sees_tasks else []
        self.drawn_from = min(each.created_at for each in runs) if len(runs) == MAX_RUNS else self.axis.start
        self.lanes = self._fill(shown, runs)
        ended = count_ended(since=self.axis.start) if self._sees_tasks else []
        self.heaps: Sequence[Heap] = count_heaps(ended, self._not_run, forecast, self.axis)

    def _read_not_run(self) -> Sequence[Firing]:
        if not self._look.may(VIEW_FIRINGS):
            return []
        start = self.axis.start
        return [row for row in self._look.not_run if (row.last_scheduled_for or row.due_at) >= start]

    def _choose(self, forecast: Forecast) -> Mapping[UUID, Shown]:
        """Return the schedules that get a lane, in their order: one statement."""
        failures = self._look.failures if self._sees_tasks else []
        running = self._look.running if self._sees_tasks else []
        wanted = choose_lanes(
            [task.schedule_id for task in failures if task.finished_at and task.finished_at >= self.axis.start],
            [row.schedule_id for row in self._not_run if row.outcome not in DELIBERATE],
            [task.schedule_id for task in running],
            [row.schedule_id for row in self._not_run],
            [planned.schedule_id for planned in forecast.instants],
            # Tasks that were started by hand have none, and some schedules are gone.
            limit=2 * MAX_LANES,
        )
        found = find_shown([each for each in wanted if each is not None]) if wanted else {}
        chosen = [each for each in wanted if each is not None and each in found][:MAX_LANES]
        return {each: found[each] for each in chosen}

    def _fill(self, shown: Mapping[UUID, Shown], runs: Iterable[Run]) -> list[Lane]:
        items: dict[UUID, list[Item]] = defaultdict(list)
        for run in runs:
            if run.schedule_id is not None:
                items[run.schedule_id].append(_item_of_run(run, self.axis))
        for row in self._not_run:
            items[row.schedule_id].append(_item_of_instant(row))
        planned = find_spaced(schedule_ids=shown, start=self.axis.now, end=self.axis.end, apart=APART) if shown else {}
        for schedule_id, instants in planned.items():
            items[schedule_id] += _items_of_plans(instants)
        return [Lane(pk, each, draw(items[pk], self.axis)) for pk, each in shown.items()]


def _item_of_run(run: Run, axis: Axis) -> Item:
    start = run.started_at or run.created_at
    return Item(
        kind=KINDS[run.status],
        word=say_status(run.status),
        start=start,
        end=max(start, run.finished_at or axis.now),
        planned_at=run.scheduled_for,
        url=task_url(run.task_id),
    )


def _item_of_instant(row: Firing) -> Item:
    return Item(
        kind=Kind.NOT_RUN,
        word=say_outcome(row.outcome),
        start=row.due_at,
        end=max(row.due_at, row.last_scheduled_for or row.due_at),
        planned_at=row.scheduled_for,
        url=firing_url(row.pk),
        note=row.reason,
    )


def _items_of_plans(instants: Iterable[datetime]) -> Iterator[Item]:
    """Yield what is drawn of planned instants: one thing for those that follow upon one another without a gap."""
    stretches: list[list[datetime]] = []
    for at in instants:
        if stretches and at - stretches[-1][-1] < 2 * APART:
            stretches[-1].append(at)
        else:
            stretches.append([at])
    for stretch in stretches:
        start, end = stretch[0], stretch[-1]
        url = window_url(start, end + APART)
        yield Item(kind=Kind.PLANNED, word=_("planned"), start=start, end=end, planned_at=start, url=url)


def list_url(schedule_id: UUID, drawn: Drawn) -> str:
    """Return where a link to several things leads: to the list of them; to the one thing, if there is only one."""
    if len(drawn.items) == 1:
        return drawn.first.url
    first, last = drawn.items[0].start, drawn.items[-1].start + timedelta(seconds=1)
    if drawn.kind is Kind.NOT_RUN:
        return firings_url(schedule_id=schedule_id, due_at__gte=say(first), due_at__lt=say(last))
    return tasks_url(schedule_id=schedule_id, created_at__lt=say(last))


def list_items(lanes: Iterable[Lane]) -> Iterator[tuple[Lane, Drawn]]:
    """Yield what is drawn, lane by lane."""
    for lane in lanes:
        for drawn in lane.drawn:
            yield lane, drawn
