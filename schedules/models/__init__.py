"""Schedules with their links to workflows, the ledger of firings, and what schedulers know in common."""

from schedules.models.firing import (
    UNUSUAL_CAUSE,
    UNUSUAL_OUTCOME,
    Firing,
    FiringCause,
    FiringOutcome,
)
from schedules.models.schedule import (
    MAX_CATCHUP_RUNS,
    MAX_FAILURES,
    ConcurrencyKey,
    DstFold,
    DstGap,
    MisfirePolicy,
    MissingDay,
    OverlapPolicy,
    ResumePolicy,
    Schedule,
    ScheduleState,
    ScheduleWorkflow,
)
from schedules.models.schedulers import (
    PlannedLoad,
    SchedulerOutage,
    SchedulerProcess,
    SchedulerPulse,
    ZoneData,
    ZoneDataChange,
)

__all__ = [
    "MAX_CATCHUP_RUNS",
    "MAX_FAILURES",
    "UNUSUAL_CAUSE",
    "UNUSUAL_OUTCOME",
    "ConcurrencyKey",
    "DstFold",
    "DstGap",
    "Firing",
    "FiringCause",
    "FiringOutcome",
    "MisfirePolicy",
    "MissingDay",
    "OverlapPolicy",
    "PlannedLoad",
    "ResumePolicy",
    "Schedule",
    "ScheduleState",
    "ScheduleWorkflow",
    "SchedulerOutage",
    "SchedulerProcess",
    "SchedulerPulse",
    "ZoneData",
    "ZoneDataChange",
]
