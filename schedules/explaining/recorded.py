"""What the ledger says: its row is the truth about an instant that has been decided."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from schedules.explaining.codes import CheckName, Code, Result
from schedules.explaining.explanation import Check, LedgerRow, Verdict
from schedules.explaining.facts import Asked, Facts
from schedules.explaining.instants import Found, say_clocks, show
from schedules.policies import (
    BACKFILL,
    CATCHUP,
    COALESCED,
    ERROR,
    INVALID_INPUTS,
    MANUAL,
    MISSED,
    NO_SCHEDULER,
    QUEUED,
    SCHEDULE_DELETED,
    SKIPPED_FROZEN,
    SKIPPED_OVERLAP,
    SKIPPED_PAUSED,
    SKIPPED_PREDICATE,
    STARTED,
    say,
)

# A run by hand is found when somebody is as little off as this.
NEAR = timedelta(minutes=1)

# Outcome → the check that failed, the verdict, and how its sentence begins.
_FAILED: dict[str, tuple[CheckName, Code, str]] = {
    ERROR: (CheckName.EXISTS, Code.ERROR, "No task could be started"),
    SKIPPED_PAUSED: (CheckName.NOT_PAUSED, Code.PAUSED, "It was skipped"),
    SKIPPED_FROZEN: (CheckName.NOT_FROZEN, Code.FROZEN, "It was skipped"),
    SKIPPED_OVERLAP: (CheckName.OVERLAP, Code.SKIPPED_OVERLAP, "It was skipped"),
    SKIPPED_PREDICATE: (CheckName.PREDICATE, Code.SKIPPED_PREDICATE, "The workflow refused it"),
    INVALID_INPUTS: (CheckName.INPUTS, Code.INVALID_INPUTS, "The workflow did not take its inputs"),
    MISSED: (CheckName.SCHEDULER, Code.MISSED, "It was missed"),
    COALESCED: (CheckName.SCHEDULER, Code.COALESCED, "It was not run by itself"),
}
_BEGUN: dict[str, tuple[Code, str]] = {
    STARTED: (Code.STARTED, "A task was started for it"),
    QUEUED: (Code.QUEUED, "A task was put on the queue for it"),
}
_PASSED: dict[CheckName, str] = {
    CheckName.EXISTS: "The schedule and its workflow were there.",
    CheckName.NOT_PAUSED: "No pause kept it from running.",
    CheckName.NOT_FROZEN: "No freeze of the engine kept it from running.",
    CheckName.IN_BOUNDS: "It lay within the bounds of the trigger.",
    CheckName.OVERLAP: "No task before it kept it from running.",
    CheckName.PREDICATE: "The workflow did not refuse it.",
    CheckName.INPUTS: "The workflow took the inputs.",
}
# These are asked of what is to run, and so of nothing that was given up because no scheduler was alive.
_ASKED_TO_RUN = frozenset({CheckName.OVERLAP, CheckName.PREDICATE, CheckName.INPUTS})


def choose_row(facts: Facts, found: Found) -> LedgerRow | None:
    """Return the row that is about the moment: of its instant before all others, then of what somebody ran."""
    return next(_candidates(facts, found), None)


def _candidates(facts: Facts, found: Found) -> Iterator[LedgerRow]:
    rows, asked = facts.rows, facts.asked
    own = [row for row in rows if row.cause not in {BACKFILL, MANUAL}]
    yield from (row for row in own if asked.means(row.due_at))
    yield from (row for row in own if asked.means(row.scheduled_for))
    yield from (row for row in own if _may_span(row, facts, found))
    yield from (row for row in rows if row.cause == BACKFILL and asked.means(row.scheduled_for))
    if found.instant is None:
        by_hand = [row for row in rows if row.cause == MANUAL and _is_near(row, asked)]
        yield from sorted(by_hand, key=lambda row: abs(row.scheduled_for - asked.start))


def _may_span(row: LedgerRow, facts: Facts, found: Found) -> bool:
    """Tell whether a row that stands for many holds the moment, as far as anybody can tell which those were."""
    moment = found.instant or facts.asked.start
    if row.last_scheduled_for is None or not row.scheduled_for <= moment <= row.last_scheduled_for:
        return False
    return facts.subject is None or found.instant is not None or is_doubtful(row, facts)


def _is_near(row: LedgerRow, asked: Asked) -> bool:
    return asked.means(row.scheduled_for) or abs(row.scheduled_for - asked.start) < NEAR


def is_doubtful(row: LedgerRow, facts: Facts) -> bool:
    """Tell whether nobody knows if a row that stands for many stands for this moment: the trigger was another one."""
    if row.last_scheduled_for is None or facts.asked.means(row.scheduled_for) or facts.asked.means(row.due_at):
        return False
    return facts.subject is not None and row.scheduled_for <= facts.subject.planned_since


def check_row(row: LedgerRow, facts: Facts, found: Found) -> list[Check]:
    """Return the checks as the row tells them: those before the one that failed passed, those after were not asked."""
    failed_at = _find_failed(row)
    checks: list[Check] = []
    for name in CheckName:
        if any(each.result is Result.FAIL for each in checks):
            checks.append(Check(name, Result.UNKNOWN, "It was not asked any more."))
        elif name is failed_at:
            verdict = conclude(row, facts)
            checks.append(Check(name, Result.FAIL, verdict.sentence, verdict.code))
        elif failed_at is CheckName.SCHEDULER and name in _ASKED_TO_RUN:
            checks.append(Check(name, Result.UNKNOWN, "It was not asked."))
        else:
            checks.append(Check(name, Result.PASS, _say_passed(name, row, facts, found)))
    return checks


def _find_failed(row: LedgerRow) -> CheckName | None:
    """Return the check that failed; what an edit or a deletion overtook is missed although schedulers were alive."""
    if row.outcome not in _FAILED:
        return None
    if row.outcome == MISSED and not row.reason.startswith(NO_SCHEDULER):
        return CheckName.EXISTS if row.reason.endswith(SCHEDULE_DELETED) else CheckName.TRIGGER
    return _FAILED[row.outcome][0]


def conclude(row: LedgerRow, facts: Facts) -> Verdict:
    """Return what a row comes to."""
    if row.outcome in _BEGUN:
        code, words = _BEGUN[row.outcome]
        reason = f": {row.reason}" if row.reason else ""
        sentence = f"{words} at {say(row.decided_at)}, {_say_lateness(row)}{reason}."
    else:
        _, code, words = _FAILED[row.outcome]
        sentence = f"{words}: {row.reason}."
    return Verdict(code, sentence + _say_many(row) + _say_again(row, facts.rows))


def _say_passed(name: CheckName, row: LedgerRow, facts: Facts, found: Found) -> str:
    if name is CheckName.TRIGGER:
        return _say_plan(row, facts, found)
    if name is CheckName.SCHEDULER:
        return _say_decided(row)
    if name is CheckName.OVERLAP and row.outcome == QUEUED:
        return f"It had to wait: {row.reason}."
    if name is CheckName.EXISTS and facts.subject is None:
        return f"The schedule '{row.schedule_name}' was there; it has been deleted since."
    return _PASSED[name]


def _say_decided(row: LedgerRow) -> str:
    if row.cause in {BACKFILL, MANUAL}:
        return "Somebody ran it; no scheduler was needed."
    if row.cause == CATCHUP:
        return f"It was caught up {_say_lateness(row)}, at {say(row.decided_at)}."
    return f"A scheduler decided it at {say(row.decided_at)}, {_say_lateness(row)}."


def _say_plan(row: LedgerRow, facts: Facts, found: Found) -> str:
    if row.cause == MANUAL:
        return "Somebody ran it by hand, whatever its trigger says."
    timezone = facts.subject.timezone if facts.subject else "UTC"
    planned = found.instant if row.last_scheduled_for and found.instant else row.scheduled_for
    spread = f", to run {_say_span(row.due_at - row.scheduled_for)} later" if row.due_at != row.scheduled_for else ""
    clocks = say_clocks(facts.subject, found) if facts.subject and found.instant else ""
    return f"It was planned for {show(planned, timezone)}{spread}.{clocks}"


def _say_lateness(row: LedgerRow) -> str:
    lateness = timedelta(milliseconds=row.lateness_ms)
    return f"{_say_span(lateness)} after it was due" if lateness else "right when it was due"


def _say_span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:g} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))  # noqa: PLR2004  # a minute


def _say_many(row: LedgerRow) -> str:
    if row.last_scheduled_for is None:
        return ""
    count = "too many to count" if row.count is None else f"{row.count:,}"
    stretch = f"from {say(row.scheduled_for)} to {say(row.last_scheduled_for)}"
    return f" It is one of {count} that were decided alike, {stretch}."


def _say_again(row: LedgerRow, rows: Sequence[LedgerRow]) -> str:
    """Say that somebody ran the same instant again."""
    again = [each for each in rows if each.cause == BACKFILL and each.scheduled_for == row.scheduled_for]
    if row.cause == BACKFILL or not again:
        return ""
    latest = max(again, key=lambda each: each.decided_at)
    return f" It was run again at {say(latest.decided_at)} ({latest.reason}): {latest.outcome}."
