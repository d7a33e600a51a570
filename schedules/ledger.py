"""The ledger: one row for every planned instant, with what became of it and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orchestrator_site.common.bulk import insert_rows
from orchestrator_site.common.ids import new_id
from schedules.models import Firing, OverlapPolicy, Schedule
from schedules.policies import MANUAL, Decision
from tasks.services import TaskRequest
from workflows.engine.outcomes import storable_text


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision on its way into the ledger.

    `task_id` is the id that its task will have, if it starts one, and `inputs` what that starts with.
    """

    schedule: Schedule
    decision: Decision
    firing_id: UUID
    task_id: UUID | None
    inputs: dict[str, Any]
    may_run_frozen: bool = False

    @classmethod
    def of(
        cls,
        schedule: Schedule,
        decision: Decision,
        *,
        inputs: dict[str, Any] | None = None,
        may_run_frozen: bool = False,
    ) -> "Entry":
        """Make the entry of a decision, with fresh ids; the inputs are the schedule's unless others are given."""
        task_id = new_id() if decision.starts_task else None
        inputs = schedule.inputs if inputs is None else inputs
        return cls(schedule, decision, new_id(), task_id, inputs, may_run_frozen)

    def refuse(self, outcome: str, reason: str) -> "Entry":
        """Return it as it is when its task cannot start after all."""
        return replace(self, decision=self.decision.refuse(outcome, reason), task_id=None)

    @property
    def due_at(self) -> datetime:
        """When it was to run: later than planned by the spread, but at once when somebody asked for it."""
        spread = timedelta(0) if self.decision.cause == MANUAL else self.schedule.spread_offset
        return self.decision.scheduled_for + spread

    @property
    def request(self) -> TaskRequest:
        """The task that comes of it; only for a decision that starts one."""
        assert self.task_id is not None, "this decision starts no task"
        return TaskRequest(
            task_id=self.task_id,
            workflow_id=self.schedule.workflow.pk,
            inputs=self.inputs,
            schedule_id=self.schedule.pk,
            scheduled_for=self.decision.scheduled_for,
            concurrency_key=self.schedule.task_key,
            may_overlap=self.schedule.overlap_policy == OverlapPolicy.ALLOW and self.schedule.trigger != "date",
            may_run_frozen=self.may_run_frozen,
        )


def insert_new(entries: Sequence[Entry], now: datetime) -> Sequence[Entry]:
    """Write the entries whose instant the ledger does not have, and return those.

    The watermark of a schedule keeps an instant from being decided twice; this is what holds when it fails, after a
    restored backup say: one instant that is there already must neither fire again nor undo the whole turn.
    """
    present = insert_rows(Firing, [_row(entry, now) for entry in entries], skips_conflicts=True)
    return [entry for entry in entries if entry.firing_id in present]


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    decision, due_at = entry.decision, entry.due_at
    return {
        "id": entry.firing_id,
        "schedule_id": entry.schedule.pk,
        "schedule_name": entry.schedule.name,
        "scheduled_for": decision.scheduled_for,
        "last_scheduled_for": decision.last_scheduled_for,
        "due_at": due_at,
        "count": decision.count,
        "decided_at": now,
        "lateness_ms": lateness_ms(due_at, now),
        "cause": decision.cause,
        "outcome": decision.outcome,
        "reason": storable_text(decision.reason),  # it may be the text of an author's code
        "task_id": entry.task_id,
    }


def lateness_ms(due_at: datetime, decided_at: datetime) -> int:
    """Return how much later than it was due an instant was decided, in whole milliseconds; 0 when that was before."""
    return max(0, round((decided_at - due_at).total_seconds() * 1000))
