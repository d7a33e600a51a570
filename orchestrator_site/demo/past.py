"""The past of the demo's schedules, lived through as schedulers and workers would have: by their own code.

Each planned instant is decided by the policies and written into the ledger a little after it was due, and its tasks run
step by step, all by the clock of the story. Nobody waits: time that is spent in the network of the demo passes at once.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from orchestrator_site.common.ids import derived_id, first_id_at
from orchestrator_site.demo.moments import Moments
from orchestrator_site.demo.names import ACTOR, SCHEDULE_IDS
from orchestrator_site.demo.network import Conditions, network_under
from schedules.firing import ACTOR as SCHEDULER
from schedules.firing import advance, decide_all, plan, record
from schedules.guards import ask, find_guard
from schedules.ledger import Entry, insert_new
from schedules.models import Schedule
from schedules.policies import run_by_hand
from schedules.situations import Circumstances, Troubles, read_situation
from tasks.queue import Claim, Lease, claim_task
from tasks.runner import run_claimed
from tasks.services import TaskRequest, create_tasks
from tasks.starting import clean_inputs
from workflows.models import Workflow

LEASE_SECONDS = 30
# A task goes on only as long as its next step will be over by the end of the past; then it is left to a real worker.
LONGEST_STEP = timedelta(seconds=30)
# What each look at a clock costs.
MOMENT = timedelta(milliseconds=3)
# A slow task is over by then.
SLOW_TASK_LASTS = timedelta(minutes=25)

Act = Callable[[datetime], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is out of the ordinary for the task of one instant.

    Attributes:
        broken: Places of the network that cannot be reached, and what is raised there.
        slowness: How many times as long as usual everything takes; the task is running meanwhile, for others to see.
    """

    broken: dict[str, Exception] = field(default_factory=dict)
    slowness: float | None = None


NO_TROUBLE = Trouble()
# Tells what was out of the ordinary for an instant of a schedule.
FindTrouble = Callable[[Schedule, datetime], Trouble]


class TaskClock:
    """The time as the worker of one task sees it: a look at it takes a moment, and waiting costs what it should."""

    def __init__(self, now: datetime, *, pace: float) -> None:
        self.now = now
        self._pace = pace

    def __call__(self) -> datetime:
        self.now += MOMENT
        return self.now

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass, or more where things go slowly."""
        self.now += timedelta(seconds=seconds * self._pace)


class Past:
    """Goes through the time from the beginning of the story to its end, from one thing that happens to the next."""

    def __init__(self, moments: Moments, *, find_trouble: FindTrouble) -> None:
        self._moments = moments
        self._find_trouble = find_trouble
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = count()  # of two acts of one moment the one that was added first comes first
        self._outage = moments.outage

    def add(self, moment: datetime, act: Act) -> None:
        """Have something done at a moment; it is told which one that is."""
        heapq.heappush(self._acts, (moment, next(self._numbers), act))

    def live_through(self) -> None:
        """Do all that is to be done, and decide every planned instant, up to the end."""
        while True:
            turn_at = self._next_turn()
            if self._acts and (turn_at is None or self._acts[0][0] <= turn_at):
                moment, _, act = heapq.heappop(self._acts)
                act(moment)
            elif turn_at is not None:
                self._take_turn(turn_at)
            else:
                return

    def start(self, workflow: Workflow, *, inputs: dict[str, Any], at: datetime) -> UUID:
        """Start a task by hand; return its id."""
        task_id = make_id(at, f"task of {workflow.name}")
        request = TaskRequest(workflow_id=workflow.pk, task_id=task_id, inputs=inputs)
        create_tasks(requests=[request], actor=ACTOR, now=at)
        self.work(task_id, at=at)
        return task_id

    def run_schedule(self, schedule: Schedule, *, inputs: dict[str, Any], reason: str, at: datetime) -> None:
        """Run a schedule by hand."""
        decision = run_by_hand(read_situation(schedule, at), why=f"run by {ACTOR}: {reason}")
        cleaned = clean_inputs(schedule.workflow.name, inputs)
        entry = _with_ids(Entry.of(schedule, decision, inputs=cleaned), at)
        insert_new([entry], at)
        create_tasks(requests=[entry.request], actor=ACTOR, now=at)
        self.work(entry.request.task_id, at=at)

    def work(self, task_id: UUID, *, at: datetime, trouble: Trouble = NO_TROUBLE) -> None:
        """Have a worker take a task off the queue at a moment, or a little later; not after the end of the past."""
        chance = random.Random(f"{task_id} {at}")  # noqa: S311  # no secret, and to be the same each time
        claimed_at = at + timedelta(milliseconds=chance.uniform(10, 120))
        if claimed_at > self._moments.now:
            return
        claim = claim_task(Lease(ACTOR, claimed_at, LEASE_SECONDS), task_id=task_id)
        assert claim is not None, "nobody else sees it"
        clock = TaskClock(claimed_at, pace=trouble.slowness or chance.uniform(0.8, 1.6))
        if trouble.slowness is None:
            self._run(claim, clock, trouble)
        else:  # what it does is written down when it is over: until then it is seen running
            self.add(claimed_at + SLOW_TASK_LASTS, lambda _moment: self._run(claim, clock, trouble))

    def _run(self, claim: Claim, clock: TaskClock, trouble: Trouble) -> None:
        with network_under(Conditions(wait=clock.wait, broken=trouble.broken)):
            run_claimed(claim, clock=clock, is_stopping=lambda: clock.now + LONGEST_STEP > self._moments.now)

    def _next_turn(self) -> datetime | None:
        """Return when a scheduler decides what is due next: a little later, or when there was one again."""
        due = Schedule.objects.filter(pk__in=SCHEDULE_IDS, next_run_at__lte=self._moments.now)
        next_run_at = due.order_by("next_run_at").values_list("next_run_at", flat=True).first()
        if next_run_at is None:
            return None
        there = self._outage.ended_at if next_run_at in self._outage else next_run_at
        chance = random.Random(str(next_run_at))  # noqa: S311  # no secret, and to be the same each time
        late = timedelta(milliseconds=min(15 + chance.expovariate(1 / 60), 900))
        return min(there + late, self._moments.now)

    def _take_turn(self, now: datetime) -> None:
        """Decide what is due, as a turn of the scheduler does."""
        due = Schedule.objects.filter(pk__in=SCHEDULE_IDS, next_run_at__lte=now).order_by("next_run_at", "name")
        recovered_at = self._outage.ended_at if now >= self._outage.ended_at else None
        for schedule in due.select_related("link").prefetch_related("link__workflow"):
            guard = find_guard(schedule)
            verdict = ask(guard, schedule.inputs, actor=SCHEDULER) if guard else None
            circumstances = Circumstances.read([schedule], now, Troubles(recovered_at=recovered_at))
            plans = plan([schedule], circumstances)
            entries = [_with_ids(each, now) for each in decide_all(plans, circumstances, verdict=verdict)]
            record(entries, now)
            advance(plans, circumstances)
            for entry in (each for each in entries if each.task_id is not None):
                trouble = self._find_trouble(schedule, entry.decision.scheduled_for)
                self.work(entry.request.task_id, at=now, trouble=trouble)


def _with_ids(entry: Entry, moment: datetime) -> Entry:
    """Return an entry with ids that were made at a moment of the story, and are the same each time it is told."""
    what = f"{entry.schedule.pk} {entry.decision.scheduled_for} {entry.decision.cause}"
    task_id = None if entry.task_id is None else make_id(moment, f"task of {what}")
    return replace(entry, firing_id=make_id(moment, f"firing of {what}"), task_id=task_id)


def make_id(moment: datetime, what: str) -> UUID:
    """Return the id of something that was made at a moment."""
    return derived_id(first_id_at(moment), what)
