"""The overlap policy: what is to run meets the tasks before it that have not ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schedules.policies.decisions import QUEUED, SCHEDULE, SKIPPED_OVERLAP, STARTED, Decision, say
from schedules.policies.situations import MAX_QUEUED, MAX_STARTED, Situation, UnendedTask


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instant that is to run, if the tasks before it let it.

    Attributes:
        instant: Which one.
        cause: Why it is decided.
        reason: Why it runs, where that needs a word.
        is_in_line: It is one of several that `run_all` promises to run: it waits for those before it, whatever the
            overlap policy says about others.
    """

    instant: datetime
    cause: str = SCHEDULE
    reason: str = ""
    is_in_line: bool = False

    def start(self) -> Decision:
        """Decide that it starts now."""
        return Decision(self.instant, STARTED, self.reason, self.cause)

    def wait(self, blocked_by: str) -> Decision:
        """Decide that its task waits."""
        return Decision(self.instant, QUEUED, self._add(f"starts when it can: {blocked_by}"), self.cause)

    def replace_tasks(self, unended: Sequence[UnendedTask]) -> Decision:
        """Decide that it runs in the place of tasks: at once, or when those that run have stopped."""
        aborted = f"aborted for it (overlap_policy cancel_running): {', '.join(each.words for each in unended)}"
        outcome = QUEUED if any(each.is_running for each in unended) else STARTED
        cancels = tuple(each.task_id for each in unended)
        return Decision(self.instant, outcome, self._add(aborted), self.cause, cancels=cancels)

    def skip(self, reason: str) -> Decision:
        """Decide that it does not run."""
        return Decision(self.instant, SKIPPED_OVERLAP, reason, self.cause)

    def _add(self, words: str) -> str:
        return f"{self.reason}; {words}" if self.reason else words


Meet = Callable[[Candidate, Sequence[Candidate], Situation], Decision]


def meet_tasks(candidates: Sequence[Candidate], situation: Situation) -> list[Decision]:
    """Decide what becomes of each candidate, oldest first."""
    if situation.is_one_shot:
        return [_wait_behind_all(each, (), situation) for each in candidates]
    if situation.overlap_policy == "cancel_running":
        return _cancel_running(candidates, situation)
    meet = _MEET[situation.overlap_policy]
    decisions: list[Decision] = []
    begun: list[Candidate] = []
    for candidate in candidates:
        decisions.append(meet(candidate, begun, situation))
        if decisions[-1].starts_task:
            begun.append(candidate)
    return decisions


def _skip(candidate: Candidate, begun: Sequence[Candidate], situation: Situation) -> Decision:
    if situation.unended:
        return candidate.skip(situation.unended[0].words)
    if not begun:
        return candidate.start()
    if candidate.is_in_line:
        return candidate.wait(_say_begun(begun))
    return candidate.skip(_say_begun(begun[:1]))


def _queue_one(candidate: Candidate, begun: Sequence[Candidate], situation: Situation) -> Decision:
    ahead = len(situation.unended) + len(begun)
    if ahead <= 1 or candidate.is_in_line:
        return _wait_behind_all(candidate, begun, situation)
    waiting = _say_begun(begun) if begun else situation.unended[-1].words
    return candidate.skip(f"one waits already (overlap_policy queue_one): {waiting}")


def _queue_all(candidate: Candidate, begun: Sequence[Candidate], situation: Situation) -> Decision:
    if len(situation.unended) + len(begun) > MAX_QUEUED:
        return candidate.skip(f"{MAX_QUEUED} wait already (overlap_policy queue_all)")
    return _wait_behind_all(candidate, begun, situation)


def _allow(candidate: Candidate, begun: Sequence[Candidate], situation: Situation) -> Decision:
    if len(begun) >= MAX_STARTED:
        return candidate.skip(f"{MAX_STARTED:,} were started at one time, which is the most (overlap_policy allow)")
    return candidate.start()


_MEET: dict[str, Meet] = {"skip": _skip, "queue_one": _queue_one, "queue_all": _queue_all, "allow": _allow}


def _wait_behind_all(candidate: Candidate, begun: Sequence[Candidate], situation: Situation) -> Decision:
    if begun:
        return candidate.wait(_say_begun(begun))
    return candidate.wait(situation.unended[-1].words) if situation.unended else candidate.start()


def _cancel_running(candidates: Sequence[Candidate], situation: Situation) -> list[Decision]:
    """Let the newest of them run in the place of all that has not ended; the others would be cancelled at once."""
    if not candidates:
        return []
    *older, newest = candidates
    overtaken = f"the instant of {say(newest.instant)} was to run as well, and cancels those before it (overlap_policy)"
    last = newest.replace_tasks(situation.unended) if situation.unended else newest.start()
    return [*(each.skip(overtaken) for each in older), last]


def start_by_hand(candidate: Candidate, situation: Situation) -> Decision:
    """Decide a run that somebody asked for: no policy keeps it from running, but it may have to wait."""
    may_overlap = situation.overlap_policy == "allow" and not situation.is_one_shot
    if not situation.unended or may_overlap:
        return candidate.start()
    if situation.overlap_policy == "cancel_running":
        return candidate.replace_tasks(situation.unended)
    return _wait_behind_all(candidate, (), situation)


def line_up(candidates: Sequence[Candidate], situation: Situation) -> list[Decision]:
    """Decide runs that somebody asked for again: one after the other, or all at once where they may overlap."""
    if situation.overlap_policy == "allow" and not situation.is_one_shot:
        return [each.start() for each in candidates]
    return [_wait_behind_all(each, candidates[:number], situation) for number, each in enumerate(candidates)]


def _say_begun(begun: Sequence[Candidate]) -> str:
    return f"the task of {say(begun[-1].instant)} had only just been started"
