"""The policies of a schedule as fields of a form, whose choices are said in words."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from orchestrator_site.common.admin.texts import Text
from schedules.choice_fields import Choice, choose
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

MISFIRE_CHOICES: dict[str, Choice] = {
    MisfirePolicy.RUN_ONCE: Choice(
        _("Run the latest of them"),
        _("Hourly, down from 01:30 to 04:30: the run of 04:00 starts at 04:30, for those of 02:00 and 03:00 as well."),
    ),
    MisfirePolicy.SKIP: Choice(_("Run none of them"), _("The three are in the ledger as missed; next is 05:00.")),
    MisfirePolicy.RUN_ALL: Choice(
        _("Run each of them, the oldest first"), _("02:00, 03:00 and 04:00 run one after the other from 04:30 on.")
    ),
}
OVERLAP_CHOICES: dict[str, Choice] = {
    OverlapPolicy.SKIP: Choice(
        _("Do not run"), _("The task of 02:00 runs until 03:20: that of 03:00 is skipped, next is 04:00.")
    ),
    OverlapPolicy.QUEUE_ONE: Choice(
        _("Run after it; one waits, others do not run"), _("That of 03:00 starts at 03:20.")
    ),
    OverlapPolicy.QUEUE_ALL: Choice(
        format_lazy(_("Run after it; up to {count} wait"), count=MAX_QUEUED),
        _("Nothing is lost where tasks are slow for a while; they run one after the other."),
    ),
    OverlapPolicy.ALLOW: Choice(_("Run beside it"), _("That of 03:00 starts at 03:00; both run at the same time.")),
    OverlapPolicy.CANCEL_RUNNING: Choice(
        _("Abort that task, and run in its place"), _("The task of 02:00 is aborted before its next step.")
    ),
}
CONCURRENCY_CHOICES: dict[str, Choice] = {
    ConcurrencyKey.SCHEDULE: Choice(_("The tasks of this schedule")),
    ConcurrencyKey.WORKFLOW: Choice(
        _("Those of every schedule of its workflow that says the same here"),
        _("For work of which only one may run at a time, whichever schedule starts it."),
    ),
}
RESUME_CHOICES: dict[str, Choice] = {
    ResumePolicy.SKIP: Choice(
        _("Go on with the next time"), _("Hourly, paused from 01:30 to 04:30: it runs next at 05:00.")
    ),
    ResumePolicy.RUN_ONCE: Choice(
        _("Run the latest time that was skipped, at once"), _("The run of 04:00 starts at 04:30; then 05:00.")
    ),
}

EXPLANATION = _(
    "What becomes of a time at which it cannot simply run. A trigger of the kind date is never dropped: it waits for "
    "a scheduler, for the end of a pause and for the task before it."
)


def make_policy_fields() -> dict[str, forms.Field]:
    """Return a new field for each of POLICIES, by name."""
    return {
        "misfire_policy": choose(
            MisfirePolicy.values,
            MISFIRE_CHOICES,
            label=_("After an outage"),
            hint=_("What becomes of the times that passed while no scheduler was alive."),
        ),
        "misfire_window_seconds": _count(
            0,
            MAX_WINDOW_SECONDS,
            label=_("Not older than seconds"),
            hint=_(
                "Times that passed longer ago than this are not run after an outage; 86400 is a day. Empty: no limit."
            ),
            placeholder=_("no limit"),
        ),
        "max_catchup_runs": _count(
            1,
            MAX_CATCHUP_RUNS,
            is_required=True,
            label=_("At most so many"),
            hint=_("How many times are run after an outage where each of them is."),
        ),
        "overlap_policy": choose(
            OverlapPolicy.values,
            OVERLAP_CHOICES,
            label=_("While a task has not ended"),
            hint=_("What becomes of a time at which the task before is still running, or waits for something."),
        ),
        "concurrency_key": choose(
            ConcurrencyKey.values,
            CONCURRENCY_CHOICES,
            label=_("Tasks that count"),
            hint=_("Which tasks count as the ones before."),
        ),
        "resume_policy": choose(
            ResumePolicy.values,
            RESUME_CHOICES,
            label=_("After a pause or a freeze"),
            hint=_("What becomes of the times that passed while it was paused, or the engine frozen."),
        ),
        "pause_after_failures": _count(
            1,
            MAX_FAILURES,
            label=_("Pause after failures"),
            hint=_("It pauses itself when so many tasks have failed, one after the other. Empty: never."),
            placeholder=_("never"),
        ),
    }


def _count(
    smallest: int, largest: int, *, label: Text, hint: Text, is_required: bool = False, placeholder: Text = ""
) -> forms.IntegerField:
    return forms.IntegerField(
        required=is_required,
        min_value=smallest,
        max_value=largest,
        label=label,
        help_text=hint,
        widget=UnfoldAdminIntegerFieldWidget({"placeholder": placeholder, "autocomplete": "off"}),
    )
