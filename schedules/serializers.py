"""Schedules and firings as the API takes and shows them."""

from typing import Any

from django_filters import CharFilter, FilterSet
from rest_framework import serializers

from orchestrator_site.common.api import Id, Instant, Moment, Object, StrictSerializer, Text, choice_filter
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleState
from schedules.policy_serializers import PoliciesBody, PoliciesSerializer
from schedules.selectors import as_shown
from schedules.services import ScheduleChanges, ScheduleDraft
from schedules.trigger_serializers import TRIGGER_KWARGS_HELP, RuleBody, TriggerKind, TriggerKwargs
from schedules.triggers import DST_FOLDS, DST_GAPS, KINDS, MISSING_DAYS
from schedules.unsettled import Unsettled
from tasks.serializers import check_inputs

NEW_TRIGGER_HELP = "A new trigger needs its `trigger_kwargs`."


class InputsBody(StrictSerializer):
    """The inputs of the tasks to come: `inputs`, or `user_inputs`, a list of objects that are merged into one."""

    inputs = Object(required=False, help_text="What the first state of each task holds.")
    user_inputs = serializers.ListField(
        child=Object(),
        required=False,
        help_text="Older spelling of `inputs`, in its place: objects that are merged; the last one counts.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Merge the older form into the newer one."""
        older = attrs.pop("user_inputs", None)
        if older is not None:
            if "inputs" in attrs:
                raise serializers.ValidationError({"user_inputs": "give inputs or user_inputs, not both"})
            attrs["inputs"] = {key: value for part in older for key, value in part.items()}
        if "inputs" in attrs:
            attrs["inputs"] = self._checked(attrs["inputs"], field="inputs" if older is None else "user_inputs")
        return attrs

    @staticmethod
    def _checked(inputs: dict[str, Any], *, field: str) -> dict[str, Any]:
        try:
            return check_inputs(inputs)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({field: error.detail}) from error


class CreateScheduleBody(RuleBody, PoliciesBody, InputsBody):
    """The body that creates a schedule."""

    name = Text(max_length=255)
    workflow_name = Text(max_length=255, required=False, help_text="This or `workflow_id`; both have to name one task.")
    workflow_id = Id(required=False)
    trigger = TriggerKind()
    trigger_kwargs = TriggerKwargs(help_text=TRIGGER_KWARGS_HELP)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two ways to name the workflow."""
        if "workflow_name" not in attrs and "workflow_id" not in attrs:
            raise serializers.ValidationError({"workflow_name": "name the task by workflow_name or workflow_id"})
        return super().validate(attrs)

    @staticmethod
    def draft(body: dict[str, Any]) -> ScheduleDraft:
        """Return the validated body as the service takes it."""
        return ScheduleDraft(
            name=body["name"],
            trigger=body["trigger"],
            trigger_kwargs=body["trigger_kwargs"],
            inputs=body.get("inputs", {}),
            policies=PoliciesBody.policies(body),
            **RuleBody.options(body),
        )


class PatchScheduleBody(RuleBody, PoliciesBody, InputsBody):
    """The body of PATCH: what is left out stays as it is."""

    name = Text(max_length=255, required=False)
    trigger = TriggerKind(required=False, help_text=NEW_TRIGGER_HELP)
    trigger_kwargs = TriggerKwargs(required=False, help_text=TRIGGER_KWARGS_HELP)

    @staticmethod
    def changes(body: dict[str, Any]) -> ScheduleChanges:
        """Return the validated body as the service takes it."""
        return ScheduleChanges(
            name=body.get("name"),
            trigger=body.get("trigger"),
            trigger_kwargs=body.get("trigger_kwargs"),
            inputs=body.get("inputs"),
            policies=PoliciesBody.policies(body),
            **RuleBody.options(body),
        )


class PutScheduleBody(StrictSerializer):
    """The body of PUT on the collection, which changes these three and no others."""

    schedule_id = Id()
    name = Text(max_length=255, required=False)
    trigger = TriggerKind(required=False, help_text=NEW_TRIGGER_HELP)
    trigger_kwargs = TriggerKwargs(required=False, help_text=TRIGGER_KWARGS_HELP)


class DeleteScheduleBody(StrictSerializer):
    """The body of DELETE on the collection."""

    schedule_id = Id()
    workflow_id = Id(required=False, help_text="If it is given, it has to be the schedule's.")


class PauseBody(StrictSerializer):
    """The body that pauses a schedule."""

    reason = Text(max_length=MAX_REASON_CHARACTERS, help_text="Why: people will ask.")
    until = Instant(
        required=False, allow_null=True, help_text="When it goes on by itself; null or left out: when it is resumed."
    )


class ScheduleSerializer(PoliciesSerializer):
    """A schedule, whole, as people are shown it."""

    schedule_id = serializers.UUIDField(source="id")
    name = serializers.CharField()
    workflow_name = serializers.CharField(source="workflow.name")
    workflow_id = serializers.UUIDField(source="workflow.id")
    trigger = serializers.ChoiceField(KINDS)
    trigger_kwargs = Object()
    summary = serializers.CharField(help_text="The trigger in words.")
    timezone = serializers.CharField()
    dst_gap = serializers.ChoiceField(DST_GAPS)
    dst_fold = serializers.ChoiceField(DST_FOLDS)
    on_missing_day = serializers.ChoiceField(MISSING_DAYS)
    spread_seconds = serializers.IntegerField()
    inputs = Object()
    state = serializers.ChoiceField(ScheduleState.choices)
    state_reason = serializers.CharField(help_text="Why it is broken or finished; empty otherwise.")
    state_since = Moment()
    paused_at = Moment(allow_null=True, help_text="Null, as the next three are null or empty, unless it is paused.")
    paused_by = serializers.CharField()
    pause_reason = serializers.CharField()
    paused_until = Moment(allow_null=True, help_text="When it goes on by itself; null: when somebody resumes it.")
    next_run_at = Moment(
        allow_null=True,
        help_text="Of a paused one, when it runs after `paused_until`; null when it will not fire again by itself.",
    )
    version = serializers.IntegerField(help_text="Grows with every change.")
    created_at = Moment()
    created_by = serializers.CharField()
    updated_at = Moment()
    updated_by = serializers.CharField()

    def to_representation(self, instance: Schedule) -> dict[str, Any]:
        """Return it; one whose pause is over is active."""
        shown: dict[str, Any] = super().to_representation(as_shown(instance))
        return shown


class ScheduleFilters(FilterSet):
    """`?name=&workflow_name=&trigger=&state=`; the name is a part of it, in any case."""

    name = CharFilter(lookup_expr="icontains")
    workflow_name = CharFilter(field_name="link__workflow__name")
    trigger = choice_filter(KINDS)
    state = choice_filter(ScheduleState.values, field_name="shown_state")


class FiringSerializer(serializers.Serializer[Firing]):
    """A row of the ledger."""

    firing_id = serializers.UUIDField(source="id")
    schedule_id = serializers.UUIDField()
    schedule_name = serializers.CharField()
    scheduled_for = Moment()
    due_at = Moment(help_text="The planned instant, later by the schedule's spread.")
    last_scheduled_for = Moment(allow_null=True, help_text="The last instant of a row that stands for many.")
    count = serializers.IntegerField(allow_null=True, help_text="How many instants; null for more than 10,000.")
    decided_at = Moment()
    lateness_ms = serializers.IntegerField(help_text="From when it was due to the decision.")
    cause = serializers.ChoiceField(FiringCause.choices)
    outcome = serializers.ChoiceField(FiringOutcome.choices)
    reason = serializers.CharField(help_text="Why it became of it what did; empty when a task was started.")
    task_id = serializers.UUIDField(allow_null=True, help_text="The task that was put on the queue.")


class UnsettledSerializer(serializers.Serializer[Unsettled]):
    """What has passed of a schedule that is held, and is not in the ledger yet."""

    to = Moment(source="last", help_text="The last instant of it.")
    count = serializers.IntegerField(allow_null=True, help_text="How many instants; null for more than 10,000.")
    outcome = serializers.ChoiceField(FiringOutcome.choices, help_text="What they will have become of.")
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Add the field that is named by a word of Python."""
        return {"from": Moment(source="first", help_text="The first instant of it."), **super().get_fields()}
