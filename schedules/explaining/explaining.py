"""From facts to an explanation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from schedules.explaining import outlook, recorded
from schedules.explaining.codes import CheckName, Code, Result, Tense
from schedules.explaining.explanation import Check, Explanation, LedgerRow, Verdict
from schedules.explaining.facts import Facts
from schedules.explaining.instants import Found, find_instant, runs_at
from schedules.policies import say


def explain(facts: Facts, *, schedule_id: UUID, name: str) -> Explanation:
    """Explain a moment of a schedule; what became of its task is left to the caller."""
    subject = facts.subject
    found = Found(facts.asked.start) if subject is None else find_instant(subject, facts.asked)
    row = recorded.choose_row(facts, found)
    checks, verdict = _judge(facts, found, row)
    due_at = found.start if subject is None else (runs_at(subject, found.instant) or found.start)
    return Explanation(
        schedule_id=schedule_id,
        schedule_name=name,
        at=found.start,
        tense=Tense.PAST if row is not None else find_tense(facts, due_at),
        verdict=verdict,
        checks=checks,
        firing=row,
        task=None,
        previous=None if subject is None else runs_at(subject, found.previous),
        next=None if subject is None else runs_at(subject, found.following),
    )


def find_tense(facts: Facts, due_at: datetime) -> Tense:
    """Say where a moment lies; now is what is asked for as widely as that."""
    if due_at > facts.now:
        return Tense.FUTURE
    return Tense.NOW if facts.now < due_at + facts.asked.span else Tense.PAST


def _judge(facts: Facts, found: Found, row: LedgerRow | None) -> tuple[Sequence[Check], Verdict]:
    if row is not None:
        if recorded.is_doubtful(row, facts):
            return _doubt(row)
        return recorded.check_row(row, facts, found), recorded.conclude(row, facts)
    if facts.subject is None:
        return _miss_deleted(found)
    due_at = runs_at(facts.subject, found.instant) or found.start
    look = outlook.Outlook(facts, facts.subject, found, due_at, find_tense(facts, due_at))
    checks = [check(look) for check in outlook.CHECKS]
    return checks, _decisive(checks) or outlook.conclude(look, checks)


def _decisive(checks: Sequence[Check]) -> Verdict | None:
    """Return the verdict of the first check that fails; else of the first that is unknown and leaves all open."""
    for result in (Result.FAIL, Result.UNKNOWN):
        for check in checks:
            if check.result is result and check.code is not None:
                return Verdict(check.code, check.sentence)
    return None


def _miss_deleted(found: Found) -> tuple[Sequence[Check], Verdict]:
    verdict = Verdict(Code.DELETED, f"The schedule was deleted, and the ledger has nothing of {say(found.start)}.")
    rest = [Check(name, Result.UNKNOWN, "There is no schedule any more.") for name in CheckName]
    return [Check(CheckName.EXISTS, Result.FAIL, verdict.sentence, verdict.code), *rest[1:]], verdict


def _doubt(row: LedgerRow) -> tuple[Sequence[Check], Verdict]:
    assert row.last_scheduled_for is not None, "only a row that stands for many is doubtful"
    sentence = (
        f"A row stands for the instants from {say(row.scheduled_for)} to {say(row.last_scheduled_for)} "
        f"({row.outcome}: {row.reason}), but the schedule was changed since: nobody can tell whether this was one."
    )
    checks = [Check(name, Result.UNKNOWN, "Nobody can tell what was planned then.") for name in CheckName]
    checks[list(CheckName).index(CheckName.TRIGGER)] = Check(
        CheckName.TRIGGER, Result.UNKNOWN, sentence, Code.CHANGED_SINCE
    )
    return checks, Verdict(Code.CHANGED_SINCE, sentence)
