"""The downtime matrix: no scheduler was alive for weeks; then one starts, and every policy gets what it asked for.

One schedule stands for each combination of misfire policy, overlap policy, number of missed instants, and task before
it. All are decided by one start of a real scheduler.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, MisfirePolicy, OverlapPolicy, Schedule, SchedulerPulse, ScheduleState
from tasks.models import Task, TaskStatus
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.support.factories import make_schedule, make_task
from tests.support.wait import wait_for

HOUR = timedelta(hours=1)
MISSED = (0, 1, 5, 500)
MOST = 10  # of `run_all`
IN_WINDOW = 24  # hourly instants in the window of a day

START, QUEUE, COALESCE, MISS, OVERLAP = "started", "queued", "coalesced", "missed", "skipped_overlap"


@dataclass(frozen=True)
class Cell:
    """One combination; `is_busy`: a suspended task of the schedule is still there."""

    misfire: str
    overlap: str
    missed: int
    is_busy: bool
    is_one_shot: bool = False

    @property
    def expected(self) -> dict[str, int]:
        """How many instants have which outcome."""
        if self.is_one_shot:
            return {QUEUE if self.is_busy else START: 1}
        young = min(self.missed, IN_WINDOW)
        to_run = {"skip": 0, "run_once": min(1, young), "run_all": min(MOST, young)}[self.misfire]
        coalesced = max(0, young - 1) if self.misfire == "run_once" else 0
        found = Counter({COALESCE: coalesced, MISS: self.missed - coalesced - to_run}) + self._meet(to_run)
        return dict(found)

    def _meet(self, to_run: int) -> Counter[str]:
        if not to_run:
            return Counter()
        match self.overlap:
            case "allow":
                return Counter({START: to_run})
            case "cancel_running":  # the task before is idle, and so is aborted at once
                return Counter({START: 1, OVERLAP: to_run - 1})
            case "skip" if self.is_busy:
                return Counter({OVERLAP: to_run})
        return Counter({QUEUE: to_run}) if self.is_busy else Counter({START: 1, QUEUE: to_run - 1})

    @property
    def aborts(self) -> bool:
        """Whether the task before is aborted."""
        return self.overlap == "cancel_running" and self.is_busy and not self.is_one_shot and START in self.expected


def all_cells() -> Iterator[Cell]:
    for misfire, overlap, is_busy in product(MisfirePolicy.values, OverlapPolicy.values, (False, True)):
        for missed in MISSED:
            yield Cell(misfire, overlap, missed, is_busy)
        yield Cell(misfire, overlap, 1, is_busy, is_one_shot=True)


def test_weeks_without_a_scheduler_are_settled_as_each_schedule_asks(
    fork: Start, fault_workflow: MakeFaultWorkflow
) -> None:
    workflow = fault_workflow("task_one_step")
    # Instants lie half an hour before and after now, so that the test has half an hour to run.
    latest = database_now() - HOUR / 2
    SchedulerPulse.objects.create(pk=1, last_tick_at=latest - 2 * max(MISSED) * HOUR)
    schedules: dict[Cell, Schedule] = {}
    before: dict[Cell, Task] = {}
    for cell in all_cells():
        first = latest - (cell.missed - 1) * HOUR
        schedules[cell] = make_schedule(
            workflow,
            name=str(cell),
            trigger="date" if cell.is_one_shot else "interval",
            trigger_kwargs={"run_date": first.isoformat()} if cell.is_one_shot else {"hours": 1},
            next_run_at=first,
            grid_start_at=first,
            misfire_policy=cell.misfire,
            overlap_policy=cell.overlap,
            max_catchup_runs=MOST,
        )
        if cell.is_busy:
            key = schedules[cell].pk
            before[cell] = make_task(workflow, status=TaskStatus.SUSPENDED, schedule_id=key, concurrency_key=key)

    scheduler = fork("scheduler", "run", "--no-worker")
    due = Schedule.objects.filter(next_run_at__lt=latest + HOUR / 2)
    wait_for(lambda: not due.exists(), timeout=30, describe="the end of what is due")
    assert scheduler.stop() == 0

    for cell, schedule in schedules.items():
        check_ledger(cell, schedule, latest=latest)
        check_tasks(cell, schedule, before=before.get(cell))


def check_ledger(cell: Cell, schedule: Schedule, *, latest: datetime) -> None:
    rows = Firing.objects.filter(schedule_id=schedule.pk).order_by("scheduled_for")
    outcomes: Counter[str] = Counter()
    covered: list[datetime] = []
    for row in rows:
        assert row.count is not None
        outcomes[row.outcome] += row.count
        covered += [row.scheduled_for + number * HOUR for number in range(row.count)]
        assert covered[-1] == (row.last_scheduled_for or row.scheduled_for), cell
        assert row.count == 1 or row.count > 100, f"{cell}: fewer instants than a hundred are a row each"
        assert row.reason or row.outcome == START, cell
    assert dict(outcomes) == cell.expected, cell
    grid = [latest - number * HOUR for number in reversed(range(cell.missed))]
    assert covered == grid, f"{cell}: planned grid and ledger differ"
    found = Schedule.objects.get(pk=schedule.pk)
    if cell.is_one_shot:
        assert (found.state, found.next_run_at) == (ScheduleState.FINISHED, None), cell
    else:
        assert (found.state, found.next_run_at) == (ScheduleState.ACTIVE, latest + HOUR), cell


def check_tasks(cell: Cell, schedule: Schedule, *, before: Task | None) -> None:
    rows = Firing.objects.filter(schedule_id=schedule.pk, outcome__in=(START, QUEUE)).order_by("scheduled_for")
    tasks = [task for task in Task.objects.filter(schedule_id=schedule.pk).order_by("id") if task != before]
    assert [(task.pk, task.scheduled_for) for task in tasks] == [(row.task_id, row.scheduled_for) for row in rows], cell
    assert {task.status for task in tasks} <= {TaskStatus.CREATED}, cell
    if before:
        before.refresh_from_db()
        assert (before.status == TaskStatus.ABORTED) is cell.aborts, cell
