"""What is or will be the case where the ledger has no row: for what is not decided yet, and for what never was."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schedules.explaining.codes import CheckName, Code, Result, Tense
from schedules.explaining.explanation import Check, Verdict
from schedules.explaining.facts import Facts, Subject
from schedules.explaining.instants import Found, runs_at, say_clocks, show
from schedules.policies import SKIPPED_OVERLAP, Hold, Planned, decide

# So far ahead does a scheduler that is down now matter; later, one may long be back.
SOON = timedelta(minutes=15)

_FAIL, _PASS, _UNKNOWN = Result.FAIL, Result.PASS, Result.UNKNOWN


@dataclass(frozen=True, slots=True)
class Outlook:
    """A schedule at a moment.

    Attributes:
        facts: What is known.
        subject: The schedule.
        found: What its trigger plans around the moment.
        due_at: When it runs; the moment itself where nothing is planned.
        tense: Where that lies.
    """

    facts: Facts
    subject: Subject
    found: Found
    due_at: datetime
    tense: Tense

    @property
    def is_decided(self) -> bool:
        """Whether it lies before the watermark, so that the ledger has, or had, a row of it if it was planned."""
        return (self.found.instant or self.due_at - self.subject.spread) <= self.subject.planned_through

    def show(self, moment: datetime) -> str:
        """Return a moment as people of the schedule's zone read it."""
        return show(moment, self.subject.timezone)


def check_exists(look: Outlook) -> Check:
    """Was it there, and what it runs?"""
    subject, name = look.subject, CheckName.EXISTS
    if look.due_at + look.facts.asked.span <= subject.created_at:
        sentence = f"{subject.created_by} created the schedule later, at {look.show(subject.created_at)}."
        return Check(name, _FAIL, sentence, Code.NOT_CREATED_YET)
    if subject.start_code is not None and not look.is_decided:
        return Check(name, _FAIL, f"No task of it can start: {subject.start_problem}.", subject.start_code)
    if subject.code_problem and not look.is_decided:
        sentence = f"This process does not find the code of its workflow, a scheduler may: {subject.code_problem}."
        return Check(name, _UNKNOWN, sentence)
    return Check(name, _PASS, "The schedule and its workflow are there.")


def check_not_paused(look: Outlook) -> Check:
    """Is it paused then?"""
    pause, name = look.subject.pause, CheckName.NOT_PAUSED
    if pause is not None and look.due_at in pause:
        sentence = f"The schedule {_say_verb(pause, look.facts.now)} paused {pause.words}.{_say_release(look)}"
        return Check(name, _FAIL, sentence, Code.PAUSED)
    if look.is_decided:
        return Check(name, _UNKNOWN, "Pauses that are over are known from the ledger alone, which has no row of then.")
    if pause is not None and pause.ended_at is not None and pause.ended_at > look.facts.now:
        return Check(name, _PASS, f"It is paused now, and goes on by itself at {look.show(pause.ended_at)}.")
    return Check(name, _PASS, "The schedule is not paused.")


def check_not_frozen(look: Outlook) -> Check:
    """Is the engine frozen then?"""
    name = CheckName.NOT_FROZEN
    # What is due and has waited until it was frozen is not decided before that ends.
    moments = {look.due_at} if look.is_decided else {look.due_at, max(look.due_at, look.facts.now)}
    freeze = next((each for each in look.facts.freezes if any(moment in each for moment in moments)), None)
    if freeze is not None:
        sentence = f"The engine {_say_verb(freeze, look.facts.now)} frozen {freeze.words}.{_say_release(look)}"
        return Check(name, _FAIL, sentence, Code.FROZEN)
    if look.tense is Tense.PAST:
        return Check(name, _PASS, "The engine was not frozen.")
    return Check(name, _PASS, "The engine is not frozen then, as far as is known now.")


def check_in_bounds(look: Outlook) -> Check:
    """Does the trigger have instants then?"""
    subject, found, name = look.subject, look.found, CheckName.IN_BOUNDS
    nominal = look.due_at - subject.spread if found.instant is None else found.instant
    if subject.broken_by or found.problem:
        return Check(name, _UNKNOWN, "That could not be found out.")
    if subject.starts is not None and nominal < subject.starts and found.instant is None:
        sentence = f"The trigger begins later: its start_date is {look.show(subject.starts)}."
        return Check(name, _FAIL, sentence, Code.BEFORE_START)
    if subject.ends is not None and nominal > subject.ends:
        sentence = f"The trigger has ended: its end_date is {look.show(subject.ends)}."
        return Check(name, _FAIL, sentence, Code.AFTER_END)
    if found.instant is None and found.following is None and not found.is_cut_short:
        last = f"its last one was {look.show(found.previous)}" if found.previous else "it never had one"
        return Check(name, _FAIL, f"The trigger has no instants then any more: {last}.", Code.FINISHED)
    return Check(name, _PASS, "It lies within the bounds of the trigger.")


def check_trigger(look: Outlook) -> Check:
    """Does the trigger fire then?"""
    subject, found, name = look.subject, look.found, CheckName.TRIGGER
    if subject.broken_by and (subject.trigger is None or not look.is_decided):
        return Check(name, _FAIL, f"The trigger cannot be evaluated: {subject.broken_by}.", Code.BROKEN)
    if found.problem:
        return Check(name, _UNKNOWN, f"That takes too long to find out: {found.problem}.", Code.NOT_COMPUTABLE)
    if look.is_decided and subject.created_at < look.due_at <= subject.planned_since:
        return Check(name, _UNKNOWN, _say_changed(look, "The trigger was another one then"), Code.CHANGED_SINCE)
    if found.instant is None:
        return Check(name, _FAIL, _say_off_grid(look), Code.NOT_PLANNED)
    if look.is_decided and look.due_at <= subject.updated_at:
        sentence = _say_changed(look, "By its trigger as it is now it would have fired then")
        return Check(name, _UNKNOWN, sentence, Code.CHANGED_SINCE)
    spread = f", and runs {subject.spread} later, at {look.show(look.due_at)}" if subject.spread else ""
    more = " It is the first one of several in that time." if found.is_ambiguous else ""
    sentence = f"The trigger fires at {look.show(found.instant)}{spread}.{say_clocks(subject, found)}{more}"
    return Check(name, _PASS, sentence)


def check_overlap(look: Outlook) -> Check:
    """Do the tasks before let it run?"""
    name, situation = CheckName.OVERLAP, look.subject.situation
    if look.found.instant is None or look.is_decided:
        return Check(name, _UNKNOWN, "There is nothing to run then.")
    if not situation.unended:
        if look.tense is Tense.FUTURE and not _may_overlap(look):
            policy = f"; one that has not ended by then meets the overlap policy '{situation.overlap_policy}'"
        else:
            policy = ""
        return Check(name, _PASS, f"No task before it keeps it from running now{policy}.")
    alone = replace(situation, pauses=(), freezes=(), outages=())
    [decision] = decide(Planned([look.found.instant]), alone)
    is_skipped = decision.outcome == SKIPPED_OVERLAP
    if look.tense is Tense.FUTURE:
        becomes = "is skipped" if is_skipped else "waits or takes its place"
        policy = f"overlap_policy {situation.overlap_policy}"
        sentence = f"It {becomes} ({policy}) if this is still so by then: {decision.reason}."
        return Check(name, _UNKNOWN, sentence)
    if is_skipped:
        sentence = f"It is skipped (overlap_policy {situation.overlap_policy}): {decision.reason}."
        return Check(name, _FAIL, sentence, Code.SKIPPED_OVERLAP)
    return Check(name, _PASS, f"{decision.reason[:1].upper()}{decision.reason[1:] or 'Nothing keeps it from running'}.")


def check_predicate(look: Outlook) -> Check:
    """Does the workflow let it start?"""
    if look.subject.has_predicate:
        sentence = "The run_predicate of the workflow is asked when it fires; an explanation does not ask it."
        return Check(CheckName.PREDICATE, _UNKNOWN, sentence)
    return Check(CheckName.PREDICATE, _PASS, "The workflow has no run_predicate.")


def check_inputs(look: Outlook) -> Check:
    """Does the workflow take the inputs?"""
    if look.subject.has_form:
        sentence = (
            "The form of the workflow is asked when it fires; an explanation does not ask it. It took these inputs "
            "when they were saved."
        )
        return Check(CheckName.INPUTS, _UNKNOWN, sentence)
    return Check(CheckName.INPUTS, _PASS, "The workflow takes any inputs.")


def check_scheduler(look: Outlook) -> Check:
    """Is a scheduler alive to fire it?"""
    facts, name = look.facts, CheckName.SCHEDULER
    if look.is_decided:
        return Check(name, _UNKNOWN, "There is nothing left to fire then.")
    if facts.schedulers.is_any_alive:
        return Check(name, _PASS, "A scheduler is alive.")
    lack = _say_lack(look)
    if look.due_at > facts.now + SOON:
        return Check(name, _UNKNOWN, f"No scheduler is alive now ({lack}); it needs one by then.")
    return Check(name, _FAIL, f"No scheduler is alive: {lack}; {_say_fate(look)}.", Code.SCHEDULER_DOWN)


CHECKS = (
    check_exists,
    check_not_paused,
    check_not_frozen,
    check_in_bounds,
    check_trigger,
    check_overlap,
    check_predicate,
    check_inputs,
    check_scheduler,
)


def conclude(look: Outlook, checks: Sequence[Check]) -> Verdict:
    """Return what it comes to where no check fails; what is unknown of the future stands beside it."""
    if look.is_decided:
        sentence = (
            f"It was planned for {look.show(look.due_at)} and has been decided, but the ledger has no row of it any "
            "more: it keeps them for FIRING_RETENTION_DAYS."
        )
        return Verdict(Code.TOO_OLD, sentence)
    if look.due_at <= look.facts.now:
        sentence = f"It is due since {look.show(look.due_at)}: a scheduler decides it in its next turn."
        return Verdict(Code.BEING_DECIDED, sentence)
    unknown = [check.sentence for check in checks if check.result is _UNKNOWN]
    return Verdict(Code.WILL_FIRE, " ".join([f"It will fire at {look.show(look.due_at)}.", *unknown]))


def _say_lack(look: Outlook) -> str:
    """Say why no scheduler is alive, and since when."""
    schedulers = look.facts.schedulers
    if schedulers.last_at is None:
        return "none ever was"
    since = f"since {look.show(schedulers.last_at)}"
    if schedulers.stuck == 0:
        return f"none has been {since}"
    if schedulers.stuck == 1:
        return f"the only one that is seen is stuck, its loop has not looked {since}"
    return f"the {schedulers.stuck} that are seen are stuck, none of their loops has looked {since}"


def _say_fate(look: Outlook) -> str:
    """Say what becomes of an instant for which no scheduler is alive; one that is stuck makes it late, not missed."""
    if look.due_at > look.facts.now:
        return "it needs one by then"
    if look.facts.schedulers.stuck:
        return "it is late, and decided once a loop looks again"
    return "its misfire policy decides once one is back"


def _say_verb(hold: Hold, now: datetime) -> str:
    if hold.started_at > now:
        return "will be"
    return "was" if hold.ended_at is not None and hold.ended_at <= now else "is"


def _say_release(look: Outlook) -> str:
    """Say what becomes, at its end, of what a pause or a freeze holds up."""
    if look.found.instant is None:
        return ""
    if look.subject.is_one_shot:
        return " A single date is never dropped: it runs when that has ended."
    if look.subject.resume_policy == "run_once":
        return " The last instant that it holds up runs when it ends (resume_policy run_once)."
    return " What it holds up is skipped (resume_policy skip)."


def _say_changed(look: Outlook, words: str) -> str:
    subject = look.subject
    return (
        f"{words}, but the ledger has no row of then, and {subject.updated_by} changed the schedule at "
        f"{look.show(subject.updated_at)}: nobody can tell what was planned before."
    )


def _say_off_grid(look: Outlook) -> str:
    subject, found = look.subject, look.found
    beside = [
        f"{words} {look.show(moment)}"
        for words, moment in (
            ("the one before is at", runs_at(subject, found.previous)),
            ("the next one is at", runs_at(subject, found.following)),
        )
        if moment is not None
    ]
    if found.is_cut_short:
        beside.append("others would take too long to find")
    neighbours = f": {', '.join(beside)}" if beside else ""
    return f"The trigger does not fire at {look.show(found.start)}{neighbours}.{say_clocks(subject, found)}"


def _may_overlap(look: Outlook) -> bool:
    return look.subject.situation.overlap_policy == "allow" and not look.subject.is_one_shot
