"""What becomes of each planned instant. Pure: instants and the situation in, decisions out.

Every instant is looked at in this order. One that fell into a pause or a freeze is skipped. One at which no scheduler
was alive is misfired, and the misfire policy says whether it is run after all. What is to run then meets the tasks
before it: the overlap policy says whether it starts, waits or is skipped. A one-shot is never dropped.
"""

from schedules.policies.deciding import decide, run_again, run_by_hand, say_freeze, say_pause, settle
from schedules.policies.decisions import (
    BACKFILL,
    CATCHUP,
    COALESCED,
    ERROR,
    INVALID_INPUTS,
    MANUAL,
    MAX_EQUAL_ROWS,
    MISSED,
    NO_SCHEDULER,
    QUEUED,
    SCHEDULE,
    SCHEDULE_DELETED,
    SKIPPED_FROZEN,
    SKIPPED_OVERLAP,
    SKIPPED_PAUSED,
    SKIPPED_PREDICATE,
    STARTED,
    TRIGGER_CHANGED,
    Decision,
    say,
)
from schedules.policies.situations import (
    MAX_QUEUED,
    MAX_STARTED,
    Hold,
    Outage,
    Planned,
    Situation,
    Uncounted,
    UnendedTask,
)

__all__ = [
    "BACKFILL",
    "CATCHUP",
    "COALESCED",
    "ERROR",
    "INVALID_INPUTS",
    "MANUAL",
    "MAX_EQUAL_ROWS",
    "MAX_QUEUED",
    "MAX_STARTED",
    "MISSED",
    "NO_SCHEDULER",
    "QUEUED",
    "SCHEDULE",
    "SCHEDULE_DELETED",
    "SKIPPED_FROZEN",
    "SKIPPED_OVERLAP",
    "SKIPPED_PAUSED",
    "SKIPPED_PREDICATE",
    "STARTED",
    "TRIGGER_CHANGED",
    "Decision",
    "Hold",
    "Outage",
    "Planned",
    "Situation",
    "Uncounted",
    "UnendedTask",
    "decide",
    "run_again",
    "run_by_hand",
    "say",
    "say_freeze",
    "say_pause",
    "settle",
]
