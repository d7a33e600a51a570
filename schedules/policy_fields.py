"""The policies of a schedule as fields of a form, whose choices are said in words."""

from collections.abc import Mapping

from django import forms
from django.db.models import TextChoices
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from schedules.models import (
    MAX_CATCHUP_RUNS,
    MAX_FAILURES,
    ConcurrencyKey,
    MisfirePolicy,
    OverlapPolicy,
    ResumePolicy,
)
from schedules.policies import MAX_QUEUED
from schedules.rules import MAX_WINDOW_SECONDS

MISFIRE_WORDS: dict[str, str] = {
    MisfirePolicy.RUN_ONCE: "run the latest of them",
    MisfirePolicy.SKIP: "run none of them",
    MisfirePolicy.RUN_ALL: "run each of them, the oldest first",
}
OVERLAP_WORDS: dict[str, str] = {
    OverlapPolicy.SKIP: "do not run",
    OverlapPolicy.QUEUE_ONE: "run after it; one waits, others do not run",
    OverlapPolicy.QUEUE_ALL: f"run after it; up to {MAX_QUEUED} wait",
    OverlapPolicy.ALLOW: "run beside it",
    OverlapPolicy.CANCEL_RUNNING: "abort that task, and run in its place",
}
CONCURRENCY_WORDS: dict[str, str] = {
    ConcurrencyKey.SCHEDULE: "the tasks of this schedule",
    ConcurrencyKey.WORKFLOW: "those of every schedule of its workflow that says the same here",
}
RESUME_WORDS: dict[str, str] = {
    ResumePolicy.SKIP: "go on with the next time",
    ResumePolicy.RUN_ONCE: "run the latest time that was skipped, at once",
}

EXPLANATION = (
    "What becomes of a time at which it cannot simply run. A trigger of the kind date is never dropped: it waits for "
    "a scheduler, for the end of a pause and for the task before it."
)


def make_policy_fields() -> dict[str, forms.Field]:
    """Return a new field for each of POLICIES, by name."""
    return {
        "misfire_policy": _choose(
            MisfirePolicy,
            MISFIRE_WORDS,
            label="After an outage",
            hint="What becomes of the times that passed while no scheduler was alive.",
        ),
        "misfire_window_seconds": _count(
            0,
            MAX_WINDOW_SECONDS,
            label="Not older than seconds",
            hint="Times that passed longer ago than this are not run after an outage; 86400 is a day. Empty: no limit.",
            placeholder="no limit",
        ),
        "max_catchup_runs": _count(
            1,
            MAX_CATCHUP_RUNS,
            is_required=True,
            label="At most so many",
            hint="How many times are run after an outage where each of them is.",
        ),
        "overlap_policy": _choose(
            OverlapPolicy,
            OVERLAP_WORDS,
            label="While a task has not ended",
            hint="What becomes of a time at which the task before is still running, or waits for something.",
        ),
        "concurrency_key": _choose(
            ConcurrencyKey, CONCURRENCY_WORDS, label="Tasks that count", hint="Which tasks count as the ones before."
        ),
        "resume_policy": _choose(
            ResumePolicy,
            RESUME_WORDS,
            label="After a pause or a freeze",
            hint="What becomes of the times that passed while it was paused, or the engine frozen.",
        ),
        "pause_after_failures": _count(
            1,
            MAX_FAILURES,
            label="Pause after failures",
            hint="It pauses itself when so many tasks have failed, one after the other. Empty: never.",
            placeholder="never",
        ),
    }


def _choose(values: type[TextChoices], words: Mapping[str, str], *, label: str, hint: str) -> forms.ChoiceField:
    choices = [(value, words[value]) for value in values.values]
    return forms.ChoiceField(choices=choices, label=label, help_text=hint, widget=UnfoldAdminSelectWidget)


def _count(
    smallest: int, largest: int, *, label: str, hint: str, is_required: bool = False, placeholder: str = ""
) -> forms.IntegerField:
    return forms.IntegerField(
        required=is_required,
        min_value=smallest,
        max_value=largest,
        label=label,
        help_text=hint,
        widget=UnfoldAdminIntegerFieldWidget({"placeholder": placeholder, "autocomplete": "off"}),
    )
