"""The history of the demo: as schedulers and workers would have written it, and as explain explains it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from orchestrator_site.common.ids import made_at
from orchestrator_site.demo import names
from orchestrator_site.demo.loading import load_demo, remove_demo
from orchestrator_site.demo.moments import HISTORY, Moments
from schedules.explaining import Code, Explanation
from schedules.explanations import explain_schedule
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from tests.support.grid import Every

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_on")]

# On an ordinary day, and on the days after the nights on which the clocks of Amsterdam changed: 02:30 of the local time
# was not there in spring, and twice in autumn.
ORDINARY = datetime(2026, 11, 27, 14, 52, 8, 300_000, tzinfo=UTC)
SPRING = datetime(2027, 3, 28, 11, 7, 41, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
# When the daily schedules were due, worked out by hand from the offsets of Amsterdam.
VALIDATED = {ORDINARY: "2026-11-27T00:45Z", SPRING: "2027-03-28T00:45Z", AUTUMN: "2026-10-24T23:45Z"}
# In spring at the end of the gap, in autumn at the first of the two.
REPORTED = {ORDINARY: "2026-11-27T01:30Z", SPRING: "2027-03-28T01:00Z", AUTUMN: "2026-10-25T00:30Z"}


def planned_for(now: datetime) -> dict[str, list[datetime]]:
    """Return the instants of the history of each schedule, but for those that are still paused."""
    moments = Moments(now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    grids = {
        names.INVENTORY_SYNC: Every(15 * 60, midnight),
        names.CORE_COUNTERS: Every(3_600, midnight),
        names.EDGE_COUNTERS: Every(3_600, midnight),
        names.BACKUP: Every(6 * 3_600, now.replace(second=0, microsecond=0) - timedelta(days=3)),
    }
    begin = now - HISTORY
    planned = {key: list(grid.instants(after=begin, until=now, set_at=begin)) for key, grid in grids.items()}
    planned[names.NIGHTLY_VALIDATION] = [datetime.fromisoformat(VALIDATED[now])]
    planned[names.TRAFFIC_REPORT] = [datetime.fromisoformat(REPORTED[now])]
    planned[names.MOVE_UTRECHT] = [moments.utrecht_moves]
    planned[names.MOVE_GRONINGEN] = []
    return planned


def ledger(key: str) -> list[Firing]:
    """Return the rows of the planned instants of a schedule, the oldest first."""
    rows = Firing.objects.filter(schedule_id=names.schedule_id_of(key)).exclude(cause=FiringCause.MANUAL)
    return list(rows.order_by("scheduled_for"))


def the_schedule(key: str) -> Schedule:
    return Schedule.objects.get(pk=names.schedule_id_of(key))


def explain(key: str, at: datetime | None, now: datetime = ORDINARY) -> Explanation:
    moment = None if at is None else at.isoformat()
    return explain_schedule(schedule_id=names.schedule_id_of(key), at=moment, now=now)


@pytest.mark.parametrize("now", [ORDINARY, SPRING, AUTUMN], ids=["ordinary", "spring", "autumn"])
def test_every_planned_instant_has_one_row_and_every_start_one_task(now: datetime) -> None:
    load_demo(now=now)
    for key, instants in planned_for(now).items():
        assert [row.scheduled_for for row in ledger(key)] == instants, key
    assert all(row.count == 1 for row in Firing.objects.all())
    started = Firing.objects.filter(outcome__in=[FiringOutcome.STARTED, FiringOutcome.QUEUED])
    tasks = Task.objects.filter(schedule_id__isnull=False)
    assert sorted(started.values_list("task_id", "schedule_id", "scheduled_for")) == sorted(
        tasks.values_list("id", "schedule_id", "scheduled_for")
    )
    schedules = list(Schedule.objects.all())
    assert {each.pk for each in schedules} == set(names.SCHEDULE_IDS)
    assert all(each.next_run_at > now for each in schedules if each.next_run_at is not None)
    check_moments(now)


def check_moments(now: datetime) -> None:
    """Check that nothing lies in the future, that ids are of their moment, and that what was on time was a bit late."""
    for row in Firing.objects.all():
        assert row.due_at <= row.decided_at <= now
        assert row.lateness_ms == round((row.decided_at - row.due_at).total_seconds() * 1000)
        assert timedelta(0) <= row.decided_at - made_at(row.pk) < timedelta(milliseconds=1)
    moments = Task.objects.values_list("created_at", "started_at", "finished_at", "step_started_at")
    steps = TaskStep.objects.values_list("started_at", "completed_at")
    assert max(each for each in chain(*moments, *steps) if each is not None) <= now
    on_time = sorted(
        Firing.objects.filter(cause=FiringCause.SCHEDULE, outcome=FiringOutcome.STARTED).values_list(
            "lateness_ms", flat=True
        )
    )
    assert 0 <= on_time[0] < on_time[len(on_time) // 2] < on_time[-1] <= 900


def test_the_same_moment_gives_the_same_demo() -> None:
    load_demo(now=ORDINARY)
    first = content()
    remove_demo()
    load_demo(now=ORDINARY)
    assert content() == first


def content() -> list[Any]:
    """Return all that is the same each time: the rows of workflows have new ids, and steps are numbered on."""
    tasks = [{**each, "workflow_id": None} for each in Task.objects.order_by("pk").values()]
    steps = TaskStep.objects.order_by("task", "id").values("task", "name", "status", "state", "completed_at")
    return [
        list(Schedule.objects.order_by("pk").values()),
        list(Firing.objects.order_by("pk").values()),
        tasks,
        list(steps),
    ]


def test_what_did_not_run_as_planned_is_explained() -> None:
    load_demo(now=ORDINARY)
    hours_ago = Moments(ORDINARY).hours_ago
    story = [
        (names.INVENTORY_SYNC, hours_ago(9, 30), Code.SKIPPED_OVERLAP, "is still running"),
        (names.INVENTORY_SYNC, hours_ago(13), Code.MISSED, "no scheduler was alive"),
        (names.CORE_COUNTERS, hours_ago(13), Code.STARTED, ""),
        (names.EDGE_COUNTERS, hours_ago(17), Code.STARTED, ""),
        (names.EDGE_COUNTERS, hours_ago(16), Code.PAUSED, "Software upgrade of the edge routers"),
        (names.EDGE_COUNTERS, hours_ago(15), Code.PAUSED, "Software upgrade of the edge routers"),
        (names.EDGE_COUNTERS, hours_ago(14), Code.STARTED, ""),
        (names.ACCESS_AUDIT, hours_ago(5, 20), Code.PAUSED, "Access switches of Leiden"),
        (names.ACCESS_AUDIT, None, Code.PAUSED, "Access switches of Leiden"),
    ]
    for key, at, code, words in story:
        verdict = explain(key, at).verdict
        assert verdict.code == code, (key, at)
        assert words in verdict.sentence
    slow = Task.objects.get(schedule_id=names.schedule_id_of(names.INVENTORY_SYNC), scheduled_for=hours_ago(9, 15))
    assert slow.finished_at is not None
    assert hours_ago(9, 30) < slow.finished_at < hours_ago(9, 45)  # it was running then, and not at the next instant
    counted = Counter(Firing.objects.values_list("outcome", "cause"))
    assert counted.pop((FiringOutcome.STARTED, FiringCause.SCHEDULE)) > 130
    assert counted == {
        (FiringOutcome.STARTED, FiringCause.CATCHUP): 2,
        (FiringOutcome.STARTED, FiringCause.MANUAL): 1,
        (FiringOutcome.MISSED, FiringCause.SCHEDULE): 1,
        (FiringOutcome.SKIPPED_OVERLAP, FiringCause.SCHEDULE): 1,
        (FiringOutcome.SKIPPED_PAUSED, FiringCause.SCHEDULE): 2,
    }


def test_tasks_and_schedules_stand_as_the_story_says() -> None:
    load_demo(now=ORDINARY)
    failures = {
        names.NIGHTLY_VALIDATION: (
            "api_unavailable",
            "Fetch configurations: ConnectionError: no route to groningen-edge-2",
        ),
        names.BACKUP: ("failed", "Write the archive: OSError: [Errno 28] No space left on device"),
    }
    for key, (status, reason) in failures.items():
        task = Task.objects.get(schedule_id=names.schedule_id_of(key), status=status)
        error = task.steps.get(status=StepStatus.FAILED).error
        assert error is not None
        assert error["class"] in reason
        assert "in reach\n    raise problem\n" in error["traceback"]
        fate = explain(key, task.scheduled_for).task
        assert fate is not None
        assert reason in fate.sentence

    unfinished = Task.objects.exclude(status=TaskStatus.COMPLETED)
    assert sorted(unfinished.values_list("workflow__name", "status")) == [
        ("task_demo_back_up_configurations", "created"),
        ("task_demo_back_up_configurations", "failed"),
        ("task_demo_move_line", "awaiting_callback"),
        ("task_demo_move_line", "suspended"),
        ("task_demo_validate_devices", "api_unavailable"),
    ]
    [by_hand] = Firing.objects.filter(cause=FiringCause.MANUAL)
    assert by_hand.reason.startswith("run by demo: ")
    assert by_hand.task_id is not None
    assert Task.objects.get(pk=by_hand.task_id).inputs == {"role": "all", "most_errors": 5}

    audit, utrecht, groningen = map(the_schedule, (names.ACCESS_AUDIT, names.MOVE_UTRECHT, names.MOVE_GRONINGEN))
    assert (audit.state, audit.paused_by) == (ScheduleState.PAUSED, "demo")
    assert audit.paused_until == Moments(ORDINARY).audit_resumes
    assert utrecht.state == ScheduleState.FINISHED
    assert groningen.next_run_at is not None
    assert timedelta(hours=2) < groningen.next_run_at - ORDINARY <= timedelta(hours=3)
    end_of_month = the_schedule(names.CAPACITY_REPORT).next_run_at
    assert end_of_month == datetime(2026, 11, 30, 17, tzinfo=UTC)
    # All of it says that it is a demo.
    assert set(Schedule.objects.values_list("created_by", "updated_by")) == {("demo", "demo")}
    assert set(Task.objects.values_list("reporter", flat=True)) == {"scheduler", "demo"}
    assert all(each.startswith("Demo: ") for each in Task.objects.values_list("workflow__description", flat=True))
