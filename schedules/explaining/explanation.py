"""An explanation: plain data, under the names that it has in every answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from schedules.explaining.codes import CheckName, Code, Result, Tense


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be so; `code` is the verdict if it is the first that fails, or leaves all else open."""

    name: CheckName
    result: Result
    sentence: str
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it comes to."""

    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row of the ledger."""

    firing_id: UUID
    schedule_id: UUID
    schedule_name: str
    scheduled_for: datetime
    due_at: datetime
    last_scheduled_for: datetime | None
    count: int | None
    decided_at: datetime
    lateness_ms: int
    cause: str
    outcome: str
    reason: str
    task_id: UUID | None


@dataclass(frozen=True, slots=True)
class TaskFate:
    """What became of the task that a firing started; `sentence` also says why it does not go on, if it does not."""

    task_id: UUID
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a schedule fired, fires or does not fire at a moment.

    Attributes:
        schedule_id: Whose.
        schedule_name: As it is called now; a deleted one, as it was called last.
        at: The moment that was asked about.
        tense: Where that lies.
        verdict: The first check that fails, or what becomes of it where none does.
        checks: All of them, in their order.
        firing: The row of the ledger, which is the truth about what has been decided.
        task: What became of its task.
        previous: When it runs before that by its trigger; None if it did not exist then.
        next: When it runs after that.
    """

    schedule_id: UUID
    schedule_name: str
    at: datetime
    tense: Tense
    verdict: Verdict
    checks: Sequence[Check]
    firing: LedgerRow | None
    task: TaskFate | None
    previous: datetime | None
    next: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return it as every answer has it."""
        answer: dict[str, Any] = _plain(asdict(self))
        for check in answer["checks"]:
            del check["code"]
        return answer


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
