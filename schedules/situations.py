"""What the decisions of a turn depend on, read from the database: outages, freezes, pauses, failures, tasks before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from orchestrator_site.common.database import lock_names
from schedules.ledger import Entry
from schedules.liveness import outages_since
from schedules.models import ConcurrencyKey, OverlapPolicy, Schedule, ScheduleState
from schedules.policies import Hold, Outage, Situation, UnendedTask, say
from tasks.freezing import freezes_since, say_freeze
from tasks.models import ENDED, EngineFreeze, Task, TaskStatus
from tasks.queue import find_unended
from tasks.states import FAILURES

MAX_FAILURE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Troubles:
    """When the engine was frozen last, and when schedulers came back last; both None where there was no such thing."""

    thawed_at: datetime | None = None
    recovered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was not as it should be: stretches without any scheduler, and those in which the engine was frozen."""

    outages: Sequence[Outage] = ()
    freezes: Sequence[Hold] = ()

    @classmethod
    def since(cls, moment: datetime, troubles: Troubles) -> "Past":
        """Read what reaches beyond a moment, where there is anything."""
        outages = outages_since(moment) if troubles.recovered_at and troubles.recovered_at > moment else ()
        rows = freezes_since(moment) if troubles.thawed_at and troubles.thawed_at > moment else ()
        return cls(outages, [hold_of(row) for row in rows])


@dataclass(slots=True)
class Circumstances:
    """What is the case for the schedules of one turn.

    `failures` say, for a schedule that pauses itself after failures, which ones there were: it is to be paused now.
    `unended` grows with the tasks that the turn itself starts.
    """

    now: datetime
    past: Past = field(default_factory=Past)
    failures: Mapping[UUID, str] = field(default_factory=dict)
    unended: dict[UUID, list[UnendedTask]] = field(default_factory=dict)

    @classmethod
    def read(cls, schedules: Sequence[Schedule], now: datetime, troubles: Troubles) -> "Circumstances":
        """Read them; the tasks of a workflow that schedules share are looked at by one turn at a time."""
        shared = {key_of(each) for each in schedules if each.concurrency_key == ConcurrencyKey.WORKFLOW}
        lock_names(f"tasks of {key}" for key in sorted(shared))
        earliest = min((undecided_since(each) for each in schedules), default=now)
        return cls(
            now,
            past=Past.since(earliest, troubles),
            failures={each.pk: words for each in schedules if (words := say_failures(each))},
            unended=_read_unended(schedules),
        )

    def situation_of(self, schedule: Schedule) -> Situation:
        """Return what the decisions about one schedule depend on."""
        window = schedule.misfire_window_seconds
        return Situation(
            now=self.now,
            spread=schedule.spread_offset,
            is_one_shot=schedule.trigger == "date",
            misfire_policy=schedule.misfire_policy,
            misfire_window=None if window is None else timedelta(seconds=window),
            max_catchup_runs=schedule.max_catchup_runs,
            overlap_policy=schedule.overlap_policy,
            resume_policy=schedule.resume_policy,
            outages=self.past.outages,
            pauses=self._pauses_of(schedule),
            freezes=self.past.freezes,
            unended=self.unended.get(key_of(schedule), ()),
        )

    def add_started(self, schedule: Schedule, entries: Iterable[Entry]) -> None:
        """Let the schedules that share tasks with this one know of those that it starts."""
        if schedule.concurrency_key != ConcurrencyKey.WORKFLOW:
            return
        unended = self.unended.setdefault(key_of(schedule), [])
        for entry in entries:
            if entry.task_id is not None:
                cancelled = entry.decision.cancels
                unended[:] = [each for each in unended if each.task_id not in cancelled or each.is_running]
                words = f"task {entry.task_id} of schedule '{schedule.name}' had only just been started"
                unended.append(UnendedTask(entry.task_id, is_running=False, words=words))

    def _pauses_of(self, schedule: Schedule) -> Sequence[Hold]:
        pause = pause_of(schedule)
        pauses = [pause] if pause else []
        if (failures := self.failures.get(schedule.pk)) is not None:
            pauses.append(pause_by_failures(schedule, failures))
        return pauses


def situation_to_settle(schedule: Schedule, now: datetime) -> Situation:
    """Return what matters about instants that are not going to be fired: what held them up."""
    pause = pause_of(schedule)
    freezes = [hold_of(row) for row in freezes_since(undecided_since(schedule))]
    return Situation(now=now, spread=schedule.spread_offset, pauses=[pause] if pause else (), freezes=freezes)


def read_situation(schedule: Schedule, now: datetime) -> Situation:
    """Return what matters about a run that somebody asks for: the tasks before it, and what becomes of them."""
    return Circumstances(now, unended=_read_unended([schedule])).situation_of(schedule)


def key_of(schedule: Schedule) -> UUID:
    """Return the concurrency key of a schedule; its own id also where it is linked to no workflow."""
    return schedule.task_key if getattr(schedule, "link", None) else schedule.pk


def pause_of(schedule: Schedule) -> Hold | None:
    """Return the pause that a schedule is in, or was in until a turn settles it."""
    if schedule.state != ScheduleState.PAUSED:
        return None
    assert schedule.paused_at is not None, "the database holds that"
    until = f" until {say(schedule.paused_until)}" if schedule.paused_until else ""
    words = f"by {schedule.paused_by} since {say(schedule.paused_at)}{until}: {schedule.pause_reason}"
    return Hold(schedule.paused_at, schedule.paused_until, words)


def pause_by_failures(schedule: Schedule, failures: str) -> Hold:
    """Return the pause that the next turn begins, as so many tasks have failed."""
    return Hold(undecided_since(schedule), None, f"by itself (pause_after_failures): {failures}")


def undecided_since(schedule: Schedule) -> datetime:
    """Return a moment before which nothing of a schedule is due that has not been decided."""
    if schedule.state == ScheduleState.ACTIVE and schedule.next_run_at is not None:
        return schedule.next_run_at
    return schedule.planned_through


def hold_of(freeze: EngineFreeze) -> Hold:
    """Return a freeze of the engine as what holds up schedules."""
    return Hold(freeze.started_at, freeze.ended_at or freeze.until, say_freeze(freeze))


def _read_unended(schedules: Sequence[Schedule]) -> dict[UUID, list[UnendedTask]]:
    """Read the tasks that have not ended, where the overlap policy asks for them."""
    asking = [each for each in schedules if each.overlap_policy != OverlapPolicy.ALLOW or each.trigger == "date"]
    owners = {key_of(each): each.concurrency_key for each in asking}
    unended: defaultdict[UUID, list[UnendedTask]] = defaultdict(list)
    for key, task_id, status in find_unended(owners):
        words = f"task {task_id} of this {owners[key]} is still {status}"
        unended[key].append(UnendedTask(task_id, is_running=status == TaskStatus.RUNNING, words=words))
    return unended


def say_failures(schedule: Schedule) -> str:
    """Say which tasks failed one after the other, if there are as many as the schedule pauses after; else nothing.

    Those count that were started since it was made, changed or resumed, and have ended. A one-shot is never held up.
    """
    limit = schedule.pause_after_failures
    if limit is None or schedule.trigger == "date":
        return ""
    since = schedule.paused_until or schedule.state_since  # a pause that is settled only now has ended then
    ended = Task.objects.filter(schedule_id=schedule.pk, status__in=ENDED, created_at__gte=since)
    latest = list(ended.order_by(F("id").desc()).values_list("id", "status", "failed_reason")[:limit])
    if len(latest) < limit or any(status not in FAILURES for _, status, _ in latest):
        return ""
    task_id, status, reason = latest[0]
    tasks = "the last task" if limit == 1 else f"the last {limit} tasks"
    return f"{tasks} failed; {task_id} is {status}: {reason[:MAX_FAILURE_CHARACTERS]}"
