"""The policies of a schedule as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from orchestrator_site.common.api import StrictSerializer
from schedules.models import (
    MAX_CATCHUP_RUNS,
    MAX_FAILURES,
    ConcurrencyKey,
    MisfirePolicy,
    OverlapPolicy,
    ResumePolicy,
)
from schedules.rules import MAX_WINDOW_SECONDS, POLICIES
from schedules.trigger_serializers import Choice, Number

MISFIRE_HELP = (
    "What becomes of the instants at which no scheduler was alive: `run_once` runs the latest of them, `skip` none, "
    "`run_all` the oldest `max_catchup_runs`."
)
WINDOW_HELP = "What was due earlier than so many seconds ago is not run any more; null for no such limit."
CATCHUP_HELP = "How many instants `misfire_policy` `run_all` runs at most."
OVERLAP_HELP = (
    "What becomes of an instant at which the task before it has not ended: `skip` skips it, `queue_one` lets one wait, "
    "`queue_all` up to 100, `allow` runs it beside the other, `cancel_running` aborts the other."
)
CONCURRENCY_HELP = (
    "Whose tasks are the ones before: those of this `schedule`, or those of all schedules of its `workflow` that have "
    "this value too."
)
RESUME_HELP = (
    "What becomes of the instants that a pause or a freeze skipped: `skip` leaves it at that, `run_once` runs the "
    "latest of them when it ends."
)
FAILURES_HELP = "It pauses itself when so many of its tasks have failed one after the other; null for never."


class PoliciesBody(StrictSerializer):
    """The policies, each of which may be left out."""

    misfire_policy = Choice(choices=MisfirePolicy.values, required=False, help_text=MISFIRE_HELP)
    misfire_window_seconds = Number(
        min_value=0, max_value=MAX_WINDOW_SECONDS, required=False, allow_null=True, help_text=WINDOW_HELP
    )
    max_catchup_runs = Number(min_value=1, max_value=MAX_CATCHUP_RUNS, required=False, help_text=CATCHUP_HELP)
    overlap_policy = Choice(choices=OverlapPolicy.values, required=False, help_text=OVERLAP_HELP)
    concurrency_key = Choice(choices=ConcurrencyKey.values, required=False, help_text=CONCURRENCY_HELP)
    resume_policy = Choice(choices=ResumePolicy.values, required=False, help_text=RESUME_HELP)
    pause_after_failures = Number(
        min_value=1, max_value=MAX_FAILURES, required=False, allow_null=True, help_text=FAILURES_HELP
    )

    @staticmethod
    def policies(body: dict[str, Any]) -> dict[str, Any]:
        """Return those that a validated body has; null is a value of two of them."""
        return {name: body[name] for name in POLICIES if name in body}


class PoliciesSerializer(serializers.Serializer[Any]):
    """The policies of a schedule."""

    misfire_policy = serializers.ChoiceField(MisfirePolicy.values, help_text=MISFIRE_HELP)
    misfire_window_seconds = serializers.IntegerField(allow_null=True, help_text=WINDOW_HELP)
    max_catchup_runs = serializers.IntegerField(help_text=CATCHUP_HELP)
    overlap_policy = serializers.ChoiceField(OverlapPolicy.values, help_text=OVERLAP_HELP)
    concurrency_key = serializers.ChoiceField(ConcurrencyKey.values, help_text=CONCURRENCY_HELP)
    resume_policy = serializers.ChoiceField(ResumePolicy.values, help_text=RESUME_HELP)
    pause_after_failures = serializers.IntegerField(allow_null=True, help_text=FAILURES_HELP)
