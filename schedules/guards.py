"""What the code of a workflow says before a task of it starts: its form about the inputs, its predicate about now."""

from dataclasses import dataclass, replace
from typing import Any

from orchestrator_site.common.database import TransactionLeftOpen, no_transaction_left_open
from orchestrator_site.common.errors import InvalidValue
from schedules.ledger import Entry
from schedules.models import Schedule
from schedules.policies import ERROR, INVALID_INPUTS, SKIPPED_PREDICATE
from tasks.starting import FormBroken, StartRefused, check_predicate, clean_inputs, find_definition
from workflows.engine import WorkflowDefinition


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the code of a workflow said: the inputs to start with, or an outcome and the reason for it."""

    inputs: dict[str, Any] | None = None
    outcome: str = ""
    reason: str = ""

    def apply(self, entry: Entry) -> Entry:
        """Return the entry as it is with this verdict; it makes a difference only where a task would start."""
        if not entry.decision.starts_task:
            return entry
        if self.outcome:
            return entry.refuse(self.outcome, self.reason)
        return entry if self.inputs is None else replace(entry, inputs=self.inputs)


def find_guard(schedule: Schedule) -> WorkflowDefinition | None:
    """Return the code of a schedule's workflow if it has a say in whether a task starts."""
    link = getattr(schedule, "link", None)
    definition = find_definition(link.workflow.name) if link else None
    return definition if definition is not None and definition.has_user_code_at_start else None


def ask(definition: WorkflowDefinition, inputs: dict[str, Any], *, actor: str) -> Verdict:
    """Ask the form and the predicate of a workflow; code that fails refuses."""
    try:
        with no_transaction_left_open():
            cleaned = clean_inputs(definition.name, inputs)
            check_predicate(definition, inputs=cleaned, actor=actor)
    except StartRefused as error:
        return Verdict(outcome=SKIPPED_PREDICATE, reason=str(error))
    except (InvalidValue, FormBroken) as error:
        return Verdict(outcome=INVALID_INPUTS, reason=str(error))
    except TransactionLeftOpen as error:
        return Verdict(outcome=ERROR, reason=f"the code of '{definition.name}' failed: {error}")
    return Verdict(inputs=cleaned)
