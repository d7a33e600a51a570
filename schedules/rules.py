"""What a schedule is told to do: its rule says when it runs, its policies what then becomes of it.

Both are put on a schedule here, by the services that write it; nothing here is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from orchestrator_site.common.errors import InvalidValue
from schedules.ledger import Entry, insert_new
from schedules.models import (
    MAX_CATCHUP_RUNS,
    MAX_FAILURES,
    ConcurrencyKey,
    MisfirePolicy,
    OverlapPolicy,
    ResumePolicy,
    Schedule,
    ScheduleState,
)
from schedules.planning import next_run_when_paused, plan_instants
from schedules.policies import MISSED, settle
from schedules.situations import situation_to_settle
from schedules.triggers import OPTIONS, Trigger, TriggerError, build_trigger, check_first_instants, split_options
from schedules.triggers.base import later_by

POLICIES = (
    "misfire_policy",
    "misfire_window_seconds",
    "max_catchup_runs",
    "overlap_policy",
    "concurrency_key",
    "resume_policy",
    "pause_after_failures",
)
MAX_WINDOW_SECONDS = 2_147_483_647

_CHOICES: dict[str, list[str]] = {
    "misfire_policy": MisfirePolicy.values,
    "overlap_policy": OverlapPolicy.values,
    "concurrency_key": ConcurrencyKey.values,
    "resume_policy": ResumePolicy.values,
}
# Name → the smallest, the largest, and whether null means that there is no such limit.
_NUMBERS: dict[str, tuple[int, int, bool]] = {
    "misfire_window_seconds": (0, MAX_WINDOW_SECONDS, True),
    "max_catchup_runs": (1, MAX_CATCHUP_RUNS, False),
    "pause_after_failures": (1, MAX_FAILURES, True),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a schedule runs: what `trigger` and `trigger_kwargs` say, and each of OPTIONS."""

    trigger: str
    kwargs: dict[str, Any]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, schedule: Schedule) -> "Rule":
        """Return the rule that a schedule has."""
        return cls(schedule.trigger, schedule.trigger_kwargs, {name: getattr(schedule, name) for name in OPTIONS})

    @classmethod
    def merged(cls, schedule: Schedule, trigger: str, kwargs: dict[str, Any], *, given: object) -> "Rule":
        """Return the rule of a trigger, with each option as it is given in either place, else as the schedule has it.

        Raises:
            TriggerError: Two places say different things.
        """
        rest, options = split_options(kwargs, {name: getattr(given, name) for name in OPTIONS})
        merged = {name: getattr(schedule, name) if value is None else value for name, value in options.items()}
        return cls(trigger, rest, merged)

    def has_trigger_of(self, schedule: Schedule) -> bool:
        """Tell whether a schedule has the same trigger, whatever its options are."""
        return (self.trigger, self.kwargs) == (schedule.trigger, schedule.trigger_kwargs)


def set_policies(schedule: Schedule, policies: Mapping[str, Any]) -> None:
    """Give a schedule policies, by their names.

    Raises:
        InvalidValue: One of them has a value that it cannot have.
    """
    for name, value in policies.items():
        if (right := _say_what_is_right(name, value)) is not None:
            raise InvalidValue(f"'{value}' is no {name}: give {right}", field=name, value=value)
        setattr(schedule, name, value)


def _say_what_is_right(name: str, value: Any) -> str | None:
    """Say which values a policy can have; None where the given one is among them."""
    if name in _CHOICES:
        return None if value in _CHOICES[name] else f"one of {', '.join(_CHOICES[name])}"
    smallest, largest, is_optional = _NUMBERS[name]
    if value is None and is_optional:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= largest:
        return None
    return f"a number from {smallest} to {largest:,}{', or null for no limit' if is_optional else ''}"


def set_rule(schedule: Schedule, rule: Rule, *, now: datetime) -> None:
    """Give a schedule a rule; it follows it from the first instant after now on, and stays paused if it is.

    What counts from the day on which the trigger was set goes on from there when only an option changes.

    Raises:
        TriggerError: The trigger cannot be built, never fires, or does so too often; or an option cannot be used.
    """
    if not rule.has_trigger_of(schedule):
        schedule.grid_start_at = now
    zone_options = {name: value for name, value in rule.options.items() if name != "spread_seconds"}
    trigger = build_trigger(
        rule.trigger,
        rule.kwargs,
        grid_start=schedule.grid_start_at,
        shortest_seconds=settings.MIN_INTERVAL_SECONDS,
        **zone_options,
    )
    schedule.planned_through = max(now, schedule.planned_through)
    check_first_instants(trigger, after=schedule.planned_through, shortest_seconds=settings.MIN_INTERVAL_SECONDS)
    schedule.trigger, schedule.trigger_kwargs, schedule.trigger_text = rule.trigger, rule.kwargs, str(trigger)
    for name, value in rule.options.items():
        setattr(schedule, name, value)
    if not is_paused(schedule, now):
        activate(schedule, trigger, now=now)
    else:
        arm_paused(schedule, trigger)


def is_paused(schedule: Schedule, now: datetime) -> bool:
    """Tell whether a schedule is in a pause that has not ended."""
    return schedule.state == ScheduleState.PAUSED and (schedule.paused_until is None or schedule.paused_until > now)


def activate(schedule: Schedule, trigger: Trigger, *, now: datetime) -> None:
    """Let a schedule run from its first undecided instant on; without one it is finished.

    Raises:
        TriggerError: The trigger cannot be evaluated.
    """
    first = trigger.next_after(schedule.planned_through)
    schedule.state = ScheduleState.FINISHED if first is None else ScheduleState.ACTIVE
    schedule.state_reason = "its last instant has passed" if first is None else ""
    schedule.next_run_at = None if first is None else later_by(schedule.spread_offset, first)
    schedule.state_since = now
    schedule.paused_at = schedule.paused_until = None
    schedule.paused_by = schedule.pause_reason = ""


def arm_paused(schedule: Schedule, trigger: Trigger) -> None:
    """Set when a paused schedule is to be looked at next: never, or when the end of its pause has passed.

    Raises:
        TriggerError: The trigger cannot be evaluated.
    """
    schedule.next_run_at = None
    if schedule.paused_until is not None:
        is_skipped_for_good = schedule.resume_policy == ResumePolicy.SKIP and schedule.trigger != "date"
        schedule.next_run_at = next_run_when_paused(
            trigger,
            after=schedule.planned_through,
            until=schedule.paused_until,
            spread=schedule.spread_offset,
            is_skipped_for_good=is_skipped_for_good,
        )


def settle_planned(schedule: Schedule, now: datetime, *, reason: str) -> None:
    """Write what was planned and never fired into the ledger, as missed, so that no instant goes without a trace.

    That is also an instant that has passed and, because of the spread, was still to run.
    """
    _settle(schedule, now, until=now, reason=reason, outcome=MISSED)


def settle_due(schedule: Schedule, now: datetime, *, reason: str, outcome: str) -> None:
    """Write what was due and never fired into the ledger; a one-shot is left to be fired later."""
    if schedule.trigger != "date":
        _settle(schedule, now, until=now - schedule.spread_offset, reason=reason, outcome=outcome)


def _settle(schedule: Schedule, now: datetime, *, until: datetime, reason: str, outcome: str) -> None:
    try:
        first = _first_undecided(schedule)
        if first is None or first > until:
            return
        situation = situation_to_settle(schedule, now)
        overdue = plan_instants(schedule.trigger_rule, first=first, until=until, marks=situation.marks())
    except TriggerError:
        return  # a trigger that cannot be built has planned nothing
    decisions = settle(overdue.planned, situation, reason=reason, outcome=outcome)
    insert_new([Entry.of(schedule, decision) for decision in decisions], now)
    assert overdue.planned.last is not None, "the first one is among them"
    schedule.planned_through = overdue.planned.last


def _first_undecided(schedule: Schedule) -> datetime | None:
    """Return the first planned instant of a schedule that has not been decided, whether it has passed or not."""
    if schedule.state == ScheduleState.PAUSED:
        return schedule.trigger_rule.next_after(schedule.planned_through)
    return None if schedule.next_run_at is None else schedule.next_run_at - schedule.spread_offset
