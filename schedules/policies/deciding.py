"""Deciding planned instants: which are to run at all, and what becomes of the others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from schedules.policies.decisions import (
    BACKFILL,
    CATCHUP,
    COALESCED,
    MANUAL,
    MISSED,
    NO_SCHEDULER,
    SCHEDULE,
    SKIPPED_FROZEN,
    SKIPPED_OVERLAP,
    SKIPPED_PAUSED,
    Decision,
    compress,
    say,
)
from schedules.policies.overlap import Candidate, line_up, meet_tasks, start_by_hand
from schedules.policies.situations import Hold, Planned, Situation, Uncounted

# What becomes of an instant before the tasks before it are looked at.
Fate = Decision | Candidate


def decide(planned: Planned, situation: Situation) -> list[Decision]:
    """Decide every planned instant, oldest first."""
    if situation.is_undisturbed and len(planned.parts) == 1 and isinstance(planned.parts[0], datetime):
        return meet_tasks([Candidate(planned.parts[0])], situation)  # nearly always, and so without a further look
    if situation.is_one_shot:
        fates: list[Fate] = [_release(each, situation) for each in planned.parts if isinstance(each, datetime)]
    else:
        fates = _find_fates(planned, situation)
    met = iter(meet_tasks([each for each in fates if isinstance(each, Candidate)], situation))
    return compress([next(met) if isinstance(each, Candidate) else each for each in fates])


def settle(planned: Planned, situation: Situation, *, reason: str, outcome: str = MISSED) -> list[Decision]:
    """Decide instants that nothing will fire any more; what no pause or freeze skipped gets `outcome` and `reason`."""
    return compress([_skip_held(each, situation) or _decide_part(each, outcome, reason) for each in planned.parts])


def run_by_hand(situation: Situation, *, why: str) -> Decision:
    """Decide a run that somebody asked for: it starts, or waits for the tasks before it."""
    return start_by_hand(Candidate(situation.now, MANUAL, why), situation)


def run_again(instants: Sequence[datetime], situation: Situation, *, why: str) -> list[Decision]:
    """Decide past instants that somebody wants to run: each starts, or waits for the one before it."""
    return line_up([Candidate(each, BACKFILL, why) for each in instants], situation)


def say_pause(pause: Hold) -> str:
    """Return the reason of an instant that a pause skipped."""
    return f"paused {pause.words}"


def say_freeze(freeze: Hold) -> str:
    """Return the reason of an instant that a freeze skipped."""
    return f"the engine was frozen {freeze.words}"


def _find_fates(planned: Planned, situation: Situation) -> list[Fate]:
    misfired = [
        each for each in planned.parts if _skip_held(each, situation) is None and situation.is_misfired(_first(each))
    ]
    to_catch_up = _choose_catch_ups([each for each in misfired if isinstance(each, datetime)], situation)
    fates: list[Fate] = []
    for part in planned.parts:
        if (held := _skip_held(part, situation)) is not None:
            fates.append(held)
        elif part in to_catch_up and isinstance(part, datetime):
            fates.append(Candidate(part, CATCHUP, is_in_line=situation.misfire_policy == "run_all"))
        elif situation.is_misfired(_first(part)):
            fates.append(_give_up(part, to_catch_up, situation))
        elif isinstance(part, Uncounted):
            late = "schedulers were so late that a later instant was due as well"
            fates.append(_decide_part(part, SKIPPED_OVERLAP, late))
        else:
            fates.append(Candidate(part))
    return _run_at_release(fates, situation) if situation.resume_policy == "run_once" else fates


def _release(instant: datetime, situation: Situation) -> Candidate:
    """Return a one-shot, which runs at the end of whatever held it up."""
    is_held = _skip_held(instant, situation) is not None
    return Candidate(instant, CATCHUP if situation.is_misfired(instant) and not is_held else SCHEDULE)


def _run_at_release(fates: list[Fate], situation: Situation) -> list[Fate]:
    """Let the latest instant run that a pause or a freeze skipped which is over, if nothing after it runs anyway."""
    for number in range(len(fates) - 1, -1, -1):
        fate = fates[number]
        if isinstance(fate, Candidate):
            return fates
        if fate.outcome in {SKIPPED_PAUSED, SKIPPED_FROZEN} and fate.count == 1 and _is_released(fate, situation):
            candidate = Candidate(fate.scheduled_for, CATCHUP, f"{fate.reason}; run at its end (resume_policy)")
            return [*fates[:number], candidate, *fates[number + 1 :]]
    return fates


def _is_released(skipped: Decision, situation: Situation) -> bool:
    instant = skipped.scheduled_for
    hold = situation.pause_over(instant) or situation.freeze_over(instant)
    return hold is not None and hold.ended_at is not None and hold.ended_at <= situation.now


def _skip_held(part: datetime | Uncounted, situation: Situation) -> Decision | None:
    """Skip what fell into a pause or a freeze; a pause comes first, as it is nearer to the schedule."""
    if (pause := situation.pause_over(_first(part))) is not None:
        return _decide_part(part, SKIPPED_PAUSED, say_pause(pause))
    if (freeze := situation.freeze_over(_first(part))) is not None:
        return _decide_part(part, SKIPPED_FROZEN, say_freeze(freeze))
    return None


def _choose_catch_ups(misfired: Sequence[datetime], situation: Situation) -> set[datetime]:
    """Return the misfired instants that are run after all."""
    young = [each for each in misfired if situation.is_in_window(each)]
    match situation.misfire_policy:
        case "run_once":
            return set(young[-1:])
        case "run_all":
            return set(young[: situation.max_catchup_runs])
    return set()


def _give_up(part: datetime | Uncounted, caught_up: set[datetime], situation: Situation) -> Decision:
    if situation.misfire_policy == "skip":
        return _decide_part(part, MISSED, f"{NO_SCHEDULER} (misfire_policy skip)")
    if not situation.is_in_window(_first(part)):
        assert situation.misfire_window is not None, "without a window nothing lies before it"
        window = int(situation.misfire_window.total_seconds())
        return _decide_part(part, MISSED, f"{NO_SCHEDULER} until more than {window} s later (misfire_window_seconds)")
    if situation.misfire_policy == "run_all":
        most = situation.max_catchup_runs
        return _decide_part(part, MISSED, f"{NO_SCHEDULER}, and {most} before it are run (max_catchup_runs)")
    if not caught_up:
        return _decide_part(part, MISSED, NO_SCHEDULER)
    reason = f"{NO_SCHEDULER}; coalesced into the instant of {say(max(caught_up))}"
    return _decide_part(part, COALESCED, reason)


def _decide_part(part: datetime | Uncounted, outcome: str, reason: str) -> Decision:
    decision = Decision(_first(part), outcome, reason)
    return replace(decision, last_scheduled_for=part.last, count=None) if isinstance(part, Uncounted) else decision


def _first(part: datetime | Uncounted) -> datetime:
    return part.first if isinstance(part, Uncounted) else part
