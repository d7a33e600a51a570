"""The table of situations that are explained, each with its first cause."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from schedules.explaining import Code, Tense
from schedules.models import Schedule, ScheduleState, ScheduleWorkflow
from schedules.pausing import resume_schedule
from schedules.processes import ProcessState
from schedules.running import backfill_schedule, run_schedule_now
from tasks.freezing import unfreeze_engine
from tasks.models import TaskStatus
from tests.integration.schedules.explained import (
    DAY,
    LONG_AGO,
    MINUTE,
    after_an_outage,
    at_time,
    blocked,
    changed,
    deleted,
    every_half_minute,
    failed_before,
    frozen,
    hourly,
    nightly,
    once,
    paused,
    turn,
    without_its_rows,
)
from tests.support.factories import HOUR, NOW, SECOND, make_schedule, make_workflow
from workflows.models import Workflow

PAST, PRESENT, FUTURE = Tense.PAST, Tense.NOW, Tense.FUTURE
NINE, TEN = "2027-03-01T09:00", "2027-03-01T10:00"
# Two clocks that never show what the other does, found out only by looking at every minute.
HOSTILE = {
    "triggers": [
        {"trigger": "cron", "trigger_kwargs": {"minute": "*/2"}},
        {"trigger": "cron", "trigger_kwargs": {"minute": "1-59/2"}},
    ]
}


class SiteForm(forms.Form):
    site = forms.CharField()


@dataclass(frozen=True)
class Case:
    """A situation, the question, and the first cause with a piece of its sentence.

    `check` is another check that has to say something: its name, its result, and a piece of its sentence.
    """

    arrange: Callable[[], Schedule]
    at: str | None
    tense: Tense
    code: Code
    words: str
    check: tuple[str, str, str] | None = None
    now: datetime = NOW + 5 * MINUTE
    scheduler: ProcessState = ProcessState.ALIVE


def refusing_workflow() -> Workflow:
    return make_workflow(options={"run_predicate": lambda _request: "the night shift is on"})


def asking_workflow() -> Workflow:
    return make_workflow(options={"initial_input_form": SiteForm})


def deleted_workflow() -> Workflow:
    return make_workflow(deleted_at=NOW - MINUTE)


def run_by_ada() -> Schedule:
    schedule = hourly(next_run_at=NOW + HOUR, planned_through=NOW)
    with at_time(NOW + 77 * SECOND):
        run_schedule_now(schedule=schedule, actor="ada", reason="to try it")
    return schedule


def run_again(schedule: Schedule, first: datetime) -> Schedule:
    with at_time(NOW + 2 * MINUTE):
        backfill_schedule(schedule_id=schedule.pk, first=first, until=first + SECOND, actor="ada")
    return schedule


def settled_pause(schedule: Schedule) -> Schedule:
    """Pause one from before NOW until two hours later, when a turn writes what it skipped."""
    return turn(paused(schedule, until=NOW + 2 * HOUR), now=NOW + 2 * HOUR + MINUTE)


def resumed_by_hand(schedule: Schedule) -> Schedule:
    paused(schedule)
    with at_time(NOW + MINUTE):
        resume_schedule(schedule_id=schedule.pk, actor="ada")
    return turn(schedule, now=NOW + 2 * MINUTE)


def thawed(schedule: Schedule) -> Schedule:
    frozen(schedule)
    with at_time(NOW + MINUTE):
        unfreeze_engine(actor="grace")
    return turn(schedule, now=NOW + 2 * MINUTE)


def unlinked(schedule: Schedule) -> Schedule:
    ScheduleWorkflow.objects.filter(schedule=schedule).delete()
    return schedule


def down(schedule: Schedule, **options: Any) -> Schedule:
    """Have no scheduler alive from two hours before NOW until a minute after it; three instants are missed."""
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=NOW - 2 * HOUR, planned_through=NOW - 3 * HOUR)
    return after_an_outage(schedule, since=NOW - 3 * HOUR + MINUTE, until=NOW + MINUTE)


RECORDED = {
    "started": Case(lambda: turn(hourly()), NINE, PAST, Code.STARTED, "started for it at 2027-03-01 09:00:00Z, right"),
    "started late": Case(
        lambda: turn(hourly(), now=NOW + 10 * SECOND), NINE, PAST, Code.STARTED, "10 s after it was due"
    ),
    "asked to the second": Case(
        lambda: turn(hourly()), "2027-03-01T09:00:00Z", PAST, Code.STARTED, "A task was started"
    ),
    "asked in another zone": Case(lambda: turn(hourly()), "2027-03-01T10:00+01:00", PAST, Code.STARTED, "A task was"),
    "an instant with microseconds": Case(
        lambda: turn(
            make_schedule(grid_start_at=NOW - HOUR + SECOND / 8, next_run_at=NOW + SECOND / 8, created_at=LONG_AGO),
            now=NOW + SECOND,
        ),
        "2027-03-01T09:00:00Z",
        PAST,
        Code.STARTED,
        "0.875 s after",
    ),
    "a spread, asked by the plan": Case(
        lambda: turn(spread_schedule(), now=NOW + HOUR),
        NINE,
        PAST,
        Code.STARTED,
        "A task",
        ("trigger", "pass", "later"),
    ),
    "queued behind another task": Case(
        lambda: turn(blocked(hourly(overlap_policy="queue_one"))),
        NINE,
        PAST,
        Code.QUEUED,
        "starts when it can: task",
        ("overlap", "pass", "It had to wait"),
    ),
    "skipped for a task that ran": Case(
        lambda: turn(blocked(hourly())),
        NINE,
        PAST,
        Code.SKIPPED_OVERLAP,
        "is still running",
        ("predicate", "unknown", "not asked any more"),
    ),
    "skipped for a suspended task": Case(
        lambda: turn(blocked(hourly(), status=TaskStatus.SUSPENDED)),
        NINE,
        PAST,
        Code.SKIPPED_OVERLAP,
        "still suspended",
    ),
    "started in the place of another": Case(
        lambda: turn(blocked(hourly(overlap_policy="cancel_running"), status=TaskStatus.SUSPENDED)),
        NINE,
        PAST,
        Code.STARTED,
        "aborted for it",
    ),
    "skipped in a pause that is over": Case(
        lambda: settled_pause(hourly()), NINE, PAST, Code.PAUSED, "paused by ada", now=NOW + 3 * HOUR
    ),
    "skipped in a pause that somebody ended": Case(
        lambda: resumed_by_hand(hourly()), NINE, PAST, Code.PAUSED, "works on the core"
    ),
    "run at the end of a pause": Case(
        lambda: resumed_by_hand(hourly(resume_policy="run_once")),
        NINE,
        PAST,
        Code.STARTED,
        "run at its end (resume_policy)",
    ),
    "paused by its own failures": Case(
        lambda: turn(failed_before(hourly(pause_after_failures=1))),
        NINE,
        PAST,
        Code.PAUSED,
        "by itself (pause_after_failures): the last task failed",
    ),
    "skipped in a freeze": Case(lambda: thawed(hourly()), NINE, PAST, Code.FROZEN, "upgrade of the NSO"),
    "a single date, run after a freeze": Case(
        lambda: thawed(once()), NINE, PAST, Code.STARTED, "after it was due", ("not_frozen", "pass", "No freeze")
    ),
    "missed by policy": Case(
        lambda: down(hourly(misfire_policy="skip")),
        NINE,
        PAST,
        Code.MISSED,
        "no scheduler was alive (misfire_policy skip)",
        ("predicate", "unknown", "It was not asked."),
    ),
    "missed by the window": Case(
        lambda: down(hourly(misfire_window_seconds=30)),
        NINE,
        PAST,
        Code.MISSED,
        "(misfire_window_seconds)",
        ("overlap", "unknown", "It was not asked."),
    ),
    "missed by the cap": Case(
        lambda: down(hourly(misfire_policy="run_all", max_catchup_runs=1)),
        NINE,
        PAST,
        Code.MISSED,
        "(max_catchup_runs)",
        ("scheduler", "fail", "It was missed: no scheduler was alive"),
    ),
    "coalesced": Case(
        lambda: down(hourly()),
        "2027-03-01T08:00",
        PAST,
        Code.COALESCED,
        "coalesced into the instant of 2027-03-01 09:00",
        ("inputs", "unknown", "It was not asked."),
    ),
    "caught up": Case(
        lambda: down(hourly()), NINE, PAST, Code.STARTED, "0:01:00 after", ("scheduler", "pass", "It was caught up")
    ),
    "refused by its workflow": Case(
        lambda: turn(hourly(workflow=refusing_workflow())), NINE, PAST, Code.SKIPPED_PREDICATE, "the night shift is on"
    ),
    "inputs that the form does not take": Case(
        lambda: turn(hourly(workflow=asking_workflow())), NINE, PAST, Code.INVALID_INPUTS, "site"
    ),
    "its workflow was gone": Case(
        lambda: turn(hourly(workflow=deleted_workflow())),
        NINE,
        PAST,
        Code.ERROR,
        "was deleted",
        ("exists", "fail", "No task"),
    ),
    "changed before it was fired": Case(
        lambda: changed(hourly(), now=NOW + MINUTE, trigger_kwargs={"minute": 30}),
        NINE,
        PAST,
        Code.MISSED,
        "ada changed the trigger before this instant was fired",
        ("trigger", "fail", "It was missed: ada changed"),
    ),
    "deleted before it was fired": Case(
        lambda: deleted(hourly()),
        NINE,
        PAST,
        Code.MISSED,
        "ada deleted the schedule before this instant was fired",
        ("exists", "fail", "It was missed: ada deleted"),
    ),
    "deleted after it had run": Case(
        lambda: deleted(turn(hourly())), NINE, PAST, Code.STARTED, "A task", ("exists", "pass", "'Nightly' was there")
    ),
    "one of many in a pause": Case(
        lambda: settled_pause(every_half_minute()),
        "2027-03-01T10:00:30",
        PAST,
        Code.PAUSED,
        "It is one of 240 that were decided alike",
        now=NOW + 3 * HOUR,
    ),
    "beside the many in a pause": Case(
        lambda: settled_pause(every_half_minute()),
        "2027-03-01T10:00:31",
        PAST,
        Code.NOT_PLANNED,
        "the one before is at 2027-03-01 10:00:30Z, the next one is at 2027-03-01 10:01:00Z",
        now=NOW + 3 * HOUR,
    ),
    "among the many of a deleted one": Case(
        lambda: deleted(settled_pause(every_half_minute()), now=NOW + 2 * HOUR + 2 * MINUTE),
        "2027-03-01T10:00:30",
        PAST,
        Code.PAUSED,
        "decided alike",
        now=NOW + 3 * HOUR,
    ),
    "among the many of another trigger": Case(
        lambda: changed(settled_pause(every_half_minute()), now=NOW + 150 * MINUTE, trigger_kwargs={"minute": 7}),
        "2027-03-01T10:00:30",
        PAST,
        Code.CHANGED_SINCE,
        "nobody can tell whether this was one",
        now=NOW + 3 * HOUR,
    ),
    "run by hand": Case(
        run_by_ada, "2027-03-01T09:01:30", PAST, Code.STARTED, "run by ada: to try it", ("trigger", "pass", "by hand")
    ),
    "run by hand, without a scheduler": Case(
        run_by_ada,
        "2027-03-01T09:01:30",
        PAST,
        Code.STARTED,
        "run by ada: to try it",
        ("scheduler", "pass", "Somebody ran it; no scheduler was needed."),
        scheduler=ProcessState.STALE,
    ),
    "run again, before it was created": Case(
        lambda: run_again(hourly(created_at=NOW - MINUTE, updated_at=NOW - MINUTE), NOW - 5 * HOUR),
        "2027-03-01T04:00",
        PAST,
        Code.STARTED,
        "backfill by ada",
        ("scheduler", "pass", "Somebody ran it; no scheduler was needed."),
    ),
    "missed, and run again": Case(
        lambda: run_again(down(hourly(misfire_policy="skip")), NOW),
        NINE,
        PAST,
        Code.MISSED,
        "It was run again at 2027-03-01 09:02:00Z (backfill by ada): started",
    ),
    "moved behind a gap of the clocks": Case(
        lambda: turn(nightly("2027-03-28T01:00:00Z"), now=datetime.fromisoformat("2027-03-28T01:00:00Z")),
        "2027-03-28T02:30",
        PAST,
        Code.STARTED,
        "at 2027-03-28 01:00:00Z",
        ("trigger", "pass", "The clocks of Europe/Amsterdam go from 02:00 to 03:00 then"),
        now=datetime.fromisoformat("2027-03-28T09:00:00Z"),
    ),
    "at the second showing in a fold": Case(
        lambda: turn(
            nightly("2027-10-31T01:30:00Z", dst_fold="second"), now=datetime.fromisoformat("2027-10-31T01:30:00Z")
        ),
        "2027-10-31T02:30",
        PAST,
        Code.STARTED,
        "at 2027-10-31 01:30:00Z",
        ("trigger", "pass", "show 02:30:00 twice that day, and this is at +01:00 (dst_fold 'second')"),
        now=datetime.fromisoformat("2027-10-31T09:00:00Z"),
    ),
}


def spread_schedule() -> Schedule:
    """Store one that runs later than it is planned, which is for NOW: by so much as follows from its id."""
    schedule = hourly(id=UUID("01997c4e-7a10-7c3e-9d51-2f6b8e0a4c11"), spread_seconds=3_000)
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=NOW + schedule.spread_offset)
    return Schedule.objects.get(pk=schedule.pk)


NOT_RECORDED = {
    "off the grid": Case(
        lambda: turn(hourly()),
        "2027-03-01T08:30",
        PAST,
        Code.NOT_PLANNED,
        "the one before is at 2027-03-01 08:00:00Z, the next one is at 2027-03-01 09:00:00Z",
    ),
    "before it was created": Case(
        lambda: turn(hourly()), "2027-02-01T09:00", PAST, Code.NOT_CREATED_YET, "a test created the schedule later"
    ),
    "before it had this trigger": Case(
        lambda: hourly(grid_start_at=NOW - DAY, updated_at=NOW - DAY),
        "2027-02-25T09:00",
        PAST,
        Code.CHANGED_SINCE,
        "The trigger was another one then",
    ),
    "before an option was changed": Case(
        lambda: changed(hourly(next_run_at=NOW + HOUR, planned_through=NOW), now=NOW + MINUTE, dst_gap="skip"),
        "2027-03-01T07:00",
        PAST,
        Code.CHANGED_SINCE,
        "ada changed the schedule at 2027-03-01 09:01:00Z",
    ),
    "older than the ledger": Case(
        lambda: without_its_rows(turn(hourly())), NINE, PAST, Code.TOO_OLD, "the ledger has no row of it any more"
    ),
    "deleted, and nothing is known of then": Case(
        lambda: deleted(turn(hourly())), "2027-02-25T09:00", PAST, Code.DELETED, "has nothing of 2027-02-25 09:00:00Z"
    ),
    "in a pause that goes on": Case(
        lambda: paused(hourly()),
        NINE,
        PAST,
        Code.PAUSED,
        "is paused by ada since 2027-03-01 08:55:00Z: works on the core",
    ),
    "in a freeze that goes on": Case(
        lambda: frozen(hourly()), NINE, PAST, Code.FROZEN, "is frozen by grace since 2027-03-01 08:55:00Z: upgrade"
    ),
    "due right before a freeze": Case(
        lambda: frozen(hourly(), now=NOW + SECOND), NINE, PAST, Code.FROZEN, "is frozen by grace"
    ),
    "overdue without a scheduler": Case(
        hourly,
        NINE,
        PAST,
        Code.SCHEDULER_DOWN,
        "none has been since 2027-03-01 08:00:00Z",
        scheduler=ProcessState.STALE,
    ),
    "the only scheduler is stuck": Case(
        hourly,
        NINE,
        PAST,
        Code.SCHEDULER_DOWN,
        "the only one that is seen is stuck, its loop has not looked since 2027-03-01 08:00:00Z; it is late",
        scheduler=ProcessState.STUCK,
    ),
    "overdue with a scheduler": Case(hourly, NINE, PAST, Code.BEING_DECIDED, "It is due since 2027-03-01 09:00:00Z"),
    "overdue behind a task": Case(
        lambda: blocked(hourly()), NINE, PAST, Code.SKIPPED_OVERLAP, "It is skipped (overlap_policy skip): task"
    ),
    "overdue, and would wait": Case(
        lambda: blocked(hourly(overlap_policy="queue_all")),
        NINE,
        PAST,
        Code.BEING_DECIDED,
        "It is due",
        ("overlap", "pass", "Starts when it can: task"),
    ),
    "a date that has passed": Case(
        lambda: turn(once()), TEN, FUTURE, Code.FINISHED, "its last one was 2027-03-01 09:00"
    ),
    "left out in a gap of the clocks": Case(
        lambda: nightly("2027-03-29T00:30:00Z", dst_gap="skip"),
        "2027-03-28T02:30",
        PAST,
        Code.NOT_PLANNED,
        "go from 02:00 to 03:00 then: what is planned in between is left out (dst_gap 'skip')",
        now=datetime.fromisoformat("2027-03-28T09:00:00Z"),
    ),
}
UPCOMING = {
    "will fire": Case(
        lambda: turn(hourly()), TEN, FUTURE, Code.WILL_FIRE, "at 2027-03-01 10:00:00Z", ("predicate", "pass", "has no")
    ),
    "will fire later by its spread": Case(
        lambda: turn(spread_schedule(), now=NOW + HOUR),
        "2027-03-01T11:00",
        FUTURE,
        Code.WILL_FIRE,
        "It will fire at",
        ("trigger", "pass", "later, at 2027-03-01 11:"),
        now=NOW + HOUR,
    ),
    "the first of several in that minute": Case(
        lambda: turn(every_half_minute()),
        "2027-03-01T09:30",
        FUTURE,
        Code.WILL_FIRE,
        "09:30:00Z",
        ("trigger", "pass", "the first one of several"),
    ),
    "paused for good": Case(
        lambda: paused(hourly()), TEN, FUTURE, Code.PAUSED, "What it holds up is skipped (resume_policy skip)"
    ),
    "paused until later": Case(
        lambda: paused(hourly(), until=NOW + 2 * HOUR), TEN, FUTURE, Code.PAUSED, "until 2027-03-01 11:00:00Z"
    ),
    "paused until before": Case(
        lambda: paused(hourly(), until=NOW + 30 * MINUTE),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "10:00:00Z",
        ("not_paused", "pass", "goes on by itself at 2027-03-01 09:30:00Z"),
    ),
    "held up by a pause and run at its end": Case(
        lambda: paused(hourly(resume_policy="run_once")), TEN, FUTURE, Code.PAUSED, "(resume_policy run_once)"
    ),
    "a paused date": Case(
        lambda: paused(hourly(trigger="date", trigger_kwargs={"run_date": TEN}, next_run_at=NOW + HOUR)),
        TEN,
        FUTURE,
        Code.PAUSED,
        "A single date is never dropped",
    ),
    "to be paused by its own failures": Case(
        lambda: failed_before(hourly(next_run_at=NOW + HOUR, pause_after_failures=1)),
        TEN,
        FUTURE,
        Code.PAUSED,
        "will be paused by itself (pause_after_failures): the last task failed",
    ),
    "an instant without any beside it that can be found": Case(
        lambda: hourly(trigger_kwargs={"month": 2, "day": 29, "day_of_week": "tue"}, next_run_at=NOW + DAY),
        "2028-02-29T00:00",
        FUTURE,
        Code.WILL_FIRE,
        "2028-02-29 00:00:00Z",
    ),
    "beside one that is too far away": Case(
        lambda: hourly(trigger_kwargs={"month": 2, "day": 29, "day_of_week": "tue"}, next_run_at=NOW + DAY),
        "2029-02-28T00:00",
        FUTURE,
        Code.NOT_PLANNED,
        "the one before is at 2028-02-29 00:00:00Z, others would take too long to find",
    ),
    "frozen for good": Case(lambda: frozen(hourly()), TEN, FUTURE, Code.FROZEN, "upgrade of the NSO"),
    "frozen until before": Case(
        lambda: frozen(hourly(), until=NOW + 30 * MINUTE), TEN, FUTURE, Code.WILL_FIRE, "10:00"
    ),
    "before its start": Case(
        lambda: hourly(trigger_kwargs={"minute": 0, "start_date": "2027-04-01"}, next_run_at=NOW + 31 * DAY),
        TEN,
        FUTURE,
        Code.BEFORE_START,
        "start_date is 2027-04-01 00:00:00Z",
    ),
    "after its end": Case(
        lambda: turn(hourly(trigger_kwargs={"minute": 0, "end_date": "2027-03-01T09:30"})),
        TEN,
        FUTURE,
        Code.AFTER_END,
        "end_date is 2027-03-01 09:30:00Z",
    ),
    "off the grid": Case(
        lambda: turn(hourly()), "2027-03-01T10:30", FUTURE, Code.NOT_PLANNED, "the next one is at 2027-03-01 11:00:00Z"
    ),
    "behind a task that may end": Case(
        lambda: turn(blocked(hourly())),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "10:00:00Z. It is skipped (overlap_policy skip) if this is still so by then: task",
        ("overlap", "unknown", "is still running"),
    ),
    "behind a task for which it will wait": Case(
        lambda: blocked(hourly(overlap_policy="queue_one", next_run_at=NOW + HOUR)),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "It waits or takes its place (overlap_policy queue_one) if this is still so by then: starts when it can",
    ),
    "its workflow was deleted": Case(
        lambda: hourly(workflow=deleted_workflow()), TEN, FUTURE, Code.WORKFLOW_DELETED, "was deleted"
    ),
    "linked to no workflow": Case(lambda: unlinked(hourly()), TEN, FUTURE, Code.NO_WORKFLOW, "linked to no workflow"),
    "its code is somewhere else": Case(
        lambda: turn(hourly(workflow=make_workflow(has_code=False))),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "It will",
        ("exists", "unknown", "This process does not find the code"),
    ),
    "a predicate will be asked": Case(
        lambda: turn(hourly(workflow=refusing_workflow())),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "It will",
        ("predicate", "unknown", "an explanation does not ask it"),
    ),
    "a form will be asked": Case(
        lambda: turn(hourly(workflow=asking_workflow())),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "It will",
        ("inputs", "unknown", "It took these inputs when they were saved"),
    ),
    "no scheduler, and it is soon": Case(
        lambda: hourly(next_run_at=NOW + HOUR),
        TEN,
        FUTURE,
        Code.SCHEDULER_DOWN,
        "it needs one by then",
        now=NOW + 50 * MINUTE,
        scheduler=ProcessState.STALE,
    ),
    "no scheduler, and it is far off": Case(
        lambda: hourly(next_run_at=NOW + HOUR),
        TEN,
        FUTURE,
        Code.WILL_FIRE,
        "It will",
        ("scheduler", "unknown", "No scheduler is alive now"),
        scheduler=ProcessState.STALE,
    ),
    "the only scheduler is stuck, and it is soon": Case(
        lambda: hourly(next_run_at=NOW + HOUR),
        TEN,
        FUTURE,
        Code.SCHEDULER_DOWN,
        "its loop has not looked since 2027-03-01 08:00:00Z; it needs one by then",
        now=NOW + 50 * MINUTE,
        scheduler=ProcessState.STUCK,
    ),
    "broken": Case(
        lambda: hourly(next_run_at=None, state=ScheduleState.BROKEN, state_reason="it takes too long"),
        TEN,
        FUTURE,
        Code.BROKEN,
        "it takes too long",
    ),
    "a trigger that cannot be built": Case(
        lambda: hourly(trigger_kwargs={"minute": 99}, next_run_at=NOW + HOUR), TEN, FUTURE, Code.BROKEN, "99"
    ),
    "a trigger that takes too long": Case(
        lambda: hourly(trigger="and", trigger_kwargs=HOSTILE, next_run_at=NOW + HOUR),
        TEN,
        FUTURE,
        Code.NOT_COMPUTABLE,
        "takes too long to find out",
    ),
    "to be moved behind a gap of the clocks": Case(
        lambda: nightly("2027-03-28T01:00:00Z"),
        "2027-03-28T02:30",
        FUTURE,
        Code.WILL_FIRE,
        "2027-03-28 03:00:00+02:00",
        ("trigger", "pass", "what is planned in between runs right after (dst_gap 'run_after')"),
    ),
    "once in a fold": Case(
        lambda: nightly("2027-10-31T00:30:00Z"),
        "2027-10-31T02:30+01:00",
        FUTURE,
        Code.NOT_PLANNED,
        "(dst_fold 'first')",
    ),
    "now, and nothing is planned": Case(
        lambda: turn(hourly()), None, PRESENT, Code.NOT_PLANNED, "the one before is at 2027-03-01 09:00:00Z"
    ),
    "now, and one is overdue": Case(
        hourly, None, PAST, Code.SCHEDULER_DOWN, "its misfire policy decides", scheduler=ProcessState.STALE
    ),
    "now, and it is paused": Case(lambda: paused(hourly()), None, PRESENT, Code.PAUSED, "works on the core"),
}
CASES = {**RECORDED, **NOT_RECORDED, **UPCOMING}
