"""What an explanation may say: its checks in their order, and the closed set of its verdicts."""

from enum import StrEnum


class Tense(StrEnum):
    """Where what is explained lies, seen from now."""

    PAST = "past"
    NOW = "now"
    FUTURE = "future"


class Result(StrEnum):
    """What came of a check."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class CheckName(StrEnum):
    """What has to be so for a schedule to fire, in the order in which it is asked."""

    EXISTS = "exists"
    NOT_PAUSED = "not_paused"
    NOT_FROZEN = "not_frozen"
    IN_BOUNDS = "in_bounds"
    TRIGGER = "trigger"
    OVERLAP = "overlap"
    PREDICATE = "predicate"
    INPUTS = "inputs"
    SCHEDULER = "scheduler"


class Code(StrEnum):
    """Every verdict that there is; `MEANINGS` has what each says."""

    STARTED = "started"
    QUEUED = "queued"
    WILL_FIRE = "will_fire"
    BEING_DECIDED = "being_decided"
    DELETED = "deleted"
    NOT_CREATED_YET = "not_created_yet"
    NO_WORKFLOW = "no_workflow"
    WORKFLOW_DELETED = "workflow_deleted"
    ERROR = "error"
    PAUSED = "paused"
    FROZEN = "frozen"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"
    FINISHED = "finished"
    BROKEN = "broken"
    NOT_COMPUTABLE = "not_computable"
    NOT_PLANNED = "not_planned"
    CHANGED_SINCE = "changed_since"
    SKIPPED_OVERLAP = "skipped_overlap"
    SKIPPED_PREDICATE = "skipped_predicate"
    INVALID_INPUTS = "invalid_inputs"
    MISSED = "missed"
    COALESCED = "coalesced"
    SCHEDULER_DOWN = "scheduler_down"
    TOO_OLD = "too_old"


MEANINGS: dict[Code, str] = {
    Code.STARTED: "A task was started for it.",
    Code.QUEUED: "A task was put on the queue for it, where it had to wait for the ones before.",
    Code.WILL_FIRE: "It will fire then, as far as one can tell now; checks that are `unknown` say what it depends on.",
    Code.BEING_DECIDED: "It is due, and a scheduler decides it in its next turn.",
    Code.DELETED: "The schedule was deleted, and the ledger has nothing of then.",
    Code.NOT_CREATED_YET: "The schedule was created later.",
    Code.NO_WORKFLOW: "The schedule is linked to no workflow.",
    Code.WORKFLOW_DELETED: "The workflow that it runs was deleted.",
    Code.ERROR: "No task could be started: the workflow was deleted, or its code was not there.",
    Code.PAUSED: "The schedule is, was or will be paused then.",
    Code.FROZEN: "The engine is, was or will be frozen then.",
    Code.BEFORE_START: "It lies before the `start_date` of the trigger.",
    Code.AFTER_END: "It lies after the `end_date` of the trigger.",
    Code.FINISHED: "The trigger has no instants any more.",
    Code.BROKEN: "The trigger cannot be built or evaluated.",
    Code.NOT_COMPUTABLE: "Whether the trigger fires then takes longer to find out than one evaluation may.",
    Code.NOT_PLANNED: "The trigger does not fire then; `previous` and `next` are the instants beside it.",
    Code.CHANGED_SINCE: "The schedule was changed since, and the ledger has no row: nobody can tell what was planned.",
    Code.SKIPPED_OVERLAP: "The task before it had not ended, or has not.",
    Code.SKIPPED_PREDICATE: "The `run_predicate` of the workflow refused it.",
    Code.INVALID_INPUTS: "The form of the workflow did not take the inputs.",
    Code.MISSED: "It was not fired and will not be: no scheduler was alive (the sentence says which policy then gave "
    "it up), or the schedule was changed or deleted before its turn.",
    Code.COALESCED: "No scheduler was alive, and a later instant was run for it.",
    Code.SCHEDULER_DOWN: "No scheduler is alive to fire it.",
    Code.TOO_OLD: "It was planned, but the ledger has no row any more.",
}
