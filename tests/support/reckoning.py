"""The reckoning of the whole system: planned grid ↔ ledger ↔ tasks ↔ steps ↔ witness, as one table and one line."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schedules.models import Firing, FiringCause, FiringOutcome, SchedulerOutage, ScheduleState
from tasks.models import ENDED, PASSED, Task, TaskStatus
from tests.support.grid import History, Span
from tests.support.witness import SILENT_STEPS, STARTING, Evidence, find_run_differences
from workflows.registry import get_definition

# A planned instant of a schedule.
Place = tuple[UUID, datetime]

PLANNED_CAUSES = {FiringCause.SCHEDULE, FiringCause.CATCHUP}
# What is not run of the instants at which no scheduler was alive.
UNRUN_IN_OUTAGE = {FiringOutcome.COALESCED, FiringOutcome.MISSED}


@dataclass(slots=True)
class Reckoning:
    """What was found; each set holds instants.

    Attributes:
        planned: Those that were planned.
        to_run: Those of them that no edit, no pause and no outage kept from running.
        outcomes: How many instants had which outcome in the ledger.
        missing, double, wrong, stuck: What should not be, in words.
    """

    planned: set[Place] = field(default_factory=set)
    to_run: set[Place] = field(default_factory=set)
    ledger: set[Place] = field(default_factory=set)
    tasks: set[Place] = field(default_factory=set)
    steps: set[Place] = field(default_factory=set)
    witness: set[Place] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    details: dict[str, int] = field(default_factory=dict)

    def measures(self) -> dict[str, set[Place]]:
        return {
            "witness": self.witness,
            "steps": self.steps,
            "tasks": self.tasks,
            "ledger": self.ledger,
            "planned grid": self.to_run,
        }

    def is_right(self) -> bool:
        equal = all(places == self.to_run for places in self.measures().values())
        return equal and not (self.missing or self.double or self.wrong or self.stuck)

    def line(self) -> str:
        """Say it in one line."""
        sizes = [len(places) for places in self.measures().values()]
        number = str(sizes[0]) if len(set(sizes)) == 1 else ", ".join(map(str, sizes))
        whole = set[Place].intersection(*self.measures().values())
        lost = len(self.planned - whole) - len(self.planned - self.to_run)
        said = f"{' = '.join(self.measures())}: {number}; {lost} missing, {len(self.double)} double"
        return f"{said}, {len(self.stuck)} stuck" + (f", {len(self.wrong)} wrong" if self.wrong else "")

    def report(self, *, most: int = 20) -> str:
        """Return all that should not be, in words, with the history of the schedules."""
        found = [*self.missing, *self.double, *self.wrong, *self.stuck]
        return "\n".join([self.line(), *found[:most], f"and {max(0, len(found) - most)} more"])

    def table(self) -> str:
        """Show in a table what was counted."""
        given_up = len(self.planned) - len(self.to_run)
        rows = {
            "planned": (len(self.planned), f"{len(self.to_run)} to run, {given_up} kept from it"),
            "ledger": (sum(self.outcomes.values()), f"{_say(self.causes)}: {_say(self.outcomes)}"),
            "started": (len(self.ledger), "with one task each"),
            "tasks": (self.details["tasks"], f"{len(self.tasks)} completed"),
            "steps": (self.details["steps"], "passed, recorded once each"),
            "witness": (self.details["witness"], f"{self.details['repeated']} of them of steps that ran again"),
        }
        return "\n".join(f"{name:8} {number:7,}  {note}" for name, (number, note) in rows.items())


def reckon(histories: Sequence[History], evidence: Evidence, outages: Sequence[SchedulerOutage]) -> Reckoning:
    """Compare what was planned with what the ledger, the tasks, the steps and the witness say.

    Args:
        histories: Of all schedules, of the deleted ones too.
        evidence: All rows, and what the witness saw.
        outages: Stretches in which instants may be missed because no scheduler was alive.
    """
    reckoning = Reckoning()
    rows = defaultdict(list)
    for firing in evidence.firings:
        if firing.cause in PLANNED_CAUSES:
            rows[firing.schedule_id].append(firing)
            reckoning.causes[str(firing.cause)] += 1
    for history in histories:
        _Account(history, rows.pop(history.schedule_id, []), outages).settle(reckoning)
    reckoning.wrong += [f"the ledger has {len(unknown)} rows of {pk}, which is unknown" for pk, unknown in rows.items()]
    unfinished = [each for each in evidence.schedules if each.state != ScheduleState.FINISHED]
    reckoning.stuck += [f"schedule {each.pk} is {each.state}, due {each.next_run_at}" for each in unfinished]
    _reckon_runs(evidence, reckoning)
    reckoning.wrong += find_run_differences(evidence)
    return reckoning


class _Account:
    """One schedule: its planned instants, each with its span and whether it has to be there, and its ledger."""

    def __init__(self, history: History, rows: Sequence[Firing], outages: Sequence[SchedulerOutage]) -> None:
        self._history, self._rows, self._outages = history, rows, outages
        self._planned = {
            instant: (span, has_to_be)
            for span in reversed(history.spans)  # an instant of two rules is one of the older one, which may have fired
            for instant, has_to_be in span.instants(history.ends_at)
        }
        self._outcomes: defaultdict[datetime, list[str]] = defaultdict(list)
        for row in rows:
            for instant in self._covered_by(row):
                self._outcomes[instant].append(str(row.outcome))

    def settle(self, reckoning: Reckoning) -> None:
        """Add what is planned and what is there, and tell what should not be."""
        for instant, (_, has_to_be) in self._planned.items():
            if has_to_be or instant in self._outcomes:
                reckoning.planned.add((self._history.schedule_id, instant))
                if not self._is_kept_from_running(instant):
                    reckoning.to_run.add((self._history.schedule_id, instant))
        for instant, outcomes in self._outcomes.items():
            reckoning.outcomes.update(outcomes)
            if STARTING.intersection(outcomes):
                reckoning.ledger.add((self._history.schedule_id, instant))
        for found, told in (
            (self._missing(), reckoning.missing),
            (self._double(), reckoning.double),
            (self._wrong(), reckoning.wrong),
        ):
            told += [f"{each}\n{self}" for each in found]

    def _covered_by(self, row: Firing) -> list[datetime]:
        """Return the instants of a row: those that are planned within it, if it stands for many."""
        last = row.last_scheduled_for
        return [row.scheduled_for] if last is None else [at for at in self._planned if row.scheduled_for <= at <= last]

    def _started(self, span: Span) -> list[datetime]:
        return [
            instant
            for instant, outcomes in self._outcomes.items()
            if STARTING.intersection(outcomes) and instant in self._planned and self._planned[instant][0] is span
        ]

    def _is_kept_from_running(self, instant: datetime) -> bool:
        """Tell whether an edit, a pause or an outage explains that an instant did not run."""
        span, _ = self._planned[instant]
        [outcome, *_] = self._outcomes.get(instant, [""])
        is_in_outage = any(each.started_at < instant < each.ended_at for each in self._outages)
        if outcome in UNRUN_IN_OUTAGE and is_in_outage:
            return True
        return span.may_be_given_up(instant, outcome, started=self._started(span))

    def _missing(self) -> Iterator[str]:
        for instant, (_, has_to_be) in self._planned.items():
            if has_to_be and instant not in self._outcomes:
                yield f"{instant} is planned, and not in the ledger"

    def _double(self) -> Iterator[str]:
        for instant, outcomes in self._outcomes.items():
            if len(outcomes) > 1:
                yield f"{instant} is in the ledger {len(outcomes)} times: {outcomes}"

    def _wrong(self) -> Iterator[str]:
        for instant, outcomes in self._outcomes.items():
            if instant not in self._planned:
                yield f"{instant} is in the ledger as {outcomes}, and is not planned"
            elif not STARTING.intersection(outcomes):
                if not self._is_kept_from_running(instant):
                    yield f"{instant} is {outcomes[0]}, and nothing kept it from running"
            elif not self._planned[instant][0].may_run(instant):
                yield f"{instant} ran in a pause"
        for row in self._rows:
            if row.last_scheduled_for and row.count not in {None, len(self._covered_by(row))}:
                yield f"{row} says it is of {row.count} instants, and is of {len(self._covered_by(row))}"

    def __str__(self) -> str:
        ledger = [
            f"{row.scheduled_for} {row.cause} {row.outcome}, decided {row.decided_at}: {row.reason}"
            for row in self._rows
        ]
        return "\n    ".join([str(self._history), "ledger:", *ledger])


def _reckon_runs(evidence: Evidence, reckoning: Reckoning) -> None:
    """Count, by instant, the tasks that completed, those with all their steps, and those whose steps were all seen."""
    tasks = [task for task in evidence.tasks if task.schedule_id is not None]
    recorded = Counter((step.task_id, step.name) for step in evidence.steps if step.status in PASSED)
    seen = Counter((sighting.task_id, sighting.step) for sighting in evidence.sightings)
    for task in tasks:
        place = _place_of(task)
        names = [step.name for step in get_definition(task.workflow.name).steps]
        if place in reckoning.tasks:
            reckoning.double.append(f"{place} has two tasks")
        if task.status == TaskStatus.COMPLETED:
            reckoning.tasks.add(place)
        if all(recorded[task.pk, name] == 1 for name in names):
            reckoning.steps.add(place)
        if all(seen[task.pk, name] for name in names if name not in SILENT_STEPS):
            reckoning.witness.add(place)
        if task.status not in ENDED or task.lease_expires_at is not None:
            reckoning.stuck.append(f"task {task.pk} of {place} is {task.status}")
    reckoning.double += [f"step {key} is recorded {count} times" for key, count in recorded.items() if count > 1]
    reckoning.missing += [
        f"{place} has no {name}"
        for name, places in reckoning.measures().items()
        for place in sorted(reckoning.to_run - places)
    ]
    reckoning.details = {
        "tasks": len(tasks),
        "steps": sum(recorded.values()),
        "witness": len(evidence.sightings),
        "repeated": sum(count - 1 for count in seen.values()),
    }


def _place_of(task: Task) -> Place:
    assert task.schedule_id is not None
    assert task.scheduled_for is not None
    return task.schedule_id, task.scheduled_for


def _say(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
