"""What can be done to schedules beside changing them, as the API takes it and shows what came of it."""

from typing import Any

from rest_framework import serializers

from orchestrator_site.common.api import Flag, Id, Instant, Moment, Object, StrictSerializer, Text
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from schedules.bulk_actions import MAX_SCHEDULES, Action, Request, Result, Status
from schedules.ledger import Entry
from schedules.models import FiringOutcome, ScheduleState
from schedules.running import DEFAULT_BACKFILL, MAX_BACKFILL, ONLY, Backfill
from schedules.trigger_serializers import Choice, Number
from schedules.triggers import KINDS
from tasks.serializers import check_inputs


class RunBody(StrictSerializer):
    """The body that runs a schedule now."""

    inputs = Object(required=False, help_text="What the first state of the task holds, in place of the schedule's.")
    reason = Text(max_length=MAX_REASON_CHARACTERS, required=False, help_text="Why, for the ledger.")

    def validate_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what no task can start with."""
        return check_inputs(inputs)


class BackfillBody(StrictSerializer):
    """The body that runs instants again that have passed: `from` is inclusive, `to` is not."""

    limit = Number(
        min_value=1, max_value=MAX_BACKFILL, default=DEFAULT_BACKFILL, help_text="How many at most, the oldest first."
    )
    only = Choice(
        choices=ONLY,
        default=ONLY[0],
        help_text="`missing` leaves out the instants of which the ledger has a task; `all` runs them again.",
    )
    dry_run = Flag(default=False, help_text="Say what would come of it, and write nothing.")

    def get_fields(self) -> dict[str, Any]:
        """Add the keys, of which Python keeps the name of one for itself."""
        first = Instant(help_text="The first moment that counts.")
        until = Instant(help_text="The first moment that counts no more; not later than now.")
        return {"from": first, "to": until, **super().get_fields()}

    @staticmethod
    def arguments(body: dict[str, Any]) -> dict[str, Any]:
        """Return the validated body as `backfill_schedule` takes it."""
        return {
            "first": body["from"],
            "until": body["to"],
            "limit": body["limit"],
            "only": body["only"],
            "is_dry_run": body["dry_run"],
        }


class BackfilledSerializer(serializers.Serializer[Entry]):
    """What came of one instant."""

    scheduled_for = Moment(source="decision.scheduled_for")
    outcome = serializers.ChoiceField(FiringOutcome.choices, source="decision.outcome")
    reason = serializers.CharField(source="decision.reason")
    task_id = serializers.UUIDField(allow_null=True, help_text="The task that was put on the queue; null in a dry run.")
    firing_id = serializers.UUIDField(allow_null=True, help_text="Its row of the ledger; null in a dry run.")


class BackfillSerializer(serializers.Serializer[Backfill]):
    """What came of running instants again."""

    dry_run = serializers.BooleanField(source="is_dry_run", help_text="Nothing was written.")
    truncated = serializers.BooleanField(source="is_truncated", help_text="There are more than `limit`; ask again.")
    count = serializers.SerializerMethodField(help_text="How many results there are.")
    results = BackfilledSerializer(source="entries", many=True)

    def get_count(self, backfill: Backfill) -> int:
        """How many there are."""
        return len(backfill.entries)

    def to_representation(self, instance: Backfill) -> dict[str, Any]:
        """Return it; the ids of a dry run are those of nothing."""
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.is_dry_run:
            shown["results"] = [{**each, "task_id": None, "firing_id": None} for each in shown["results"]]
        return shown


class BulkFilter(StrictSerializer):
    """Which schedules are meant, in the words of the list."""

    name = Text(max_length=255, required=False, help_text="A part of the name, in any case.")
    workflow_name = Text(max_length=255, required=False, help_text="The workflow's whole name.")
    trigger = Choice(choices=KINDS, required=False)
    state = Choice(choices=ScheduleState.values, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to mean all there are."""
        if not attrs:
            raise serializers.ValidationError("give at least one of name, workflow_name, trigger, state")
        return attrs


class BulkBody(StrictSerializer):
    """The body that does one thing to many schedules: those of `ids`, or those that a `filter` finds."""

    ids = serializers.ListField(
        child=Id(), required=False, allow_empty=False, help_text=f"These; at most {MAX_SCHEDULES:,}."
    )
    filter = BulkFilter(required=False, help_text=f"Those that the list shows with it; at most {MAX_SCHEDULES:,}.")
    action = Choice(choices=[each.value for each in Action])
    reason = Text(
        max_length=MAX_REASON_CHARACTERS, required=False, help_text="Why; a pause needs one, and a run may have one."
    )
    until = Instant(required=False, allow_null=True, help_text="When a pause ends by itself.")
    dry_run = Flag(default=False, help_text="Say what would come of each, and write nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two ways to choose schedules, and for what the action needs and no more."""
        action = attrs["action"]
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": "give ids or filter, one of them"})
        if action == Action.PAUSE and "reason" not in attrs:
            raise serializers.ValidationError({"reason": "say why: people will ask"})
        if action in {Action.RESUME, Action.DELETE} and "reason" in attrs:
            raise serializers.ValidationError({"reason": f"'{action}' has none: leave it out"})
        if action != Action.PAUSE and "until" in attrs:
            raise serializers.ValidationError({"until": f"'{action}' has none: leave it out"})
        return attrs

    @staticmethod
    def request(body: dict[str, Any], *, user: Any) -> Request:
        """Return the validated body as the service takes it."""
        return Request(
            action=Action(body["action"]),
            actor=user.get_username(),
            user=user,
            reason=body.get("reason", ""),
            until=body.get("until"),
        )


class BulkResultSerializer(serializers.Serializer[Result]):
    """What came of it for one schedule."""

    schedule_id = serializers.UUIDField()
    name = serializers.CharField(help_text="Empty where there is no such schedule.")
    status = serializers.ChoiceField([each.value for each in Status])
    detail = serializers.CharField(help_text="Why it was left as it is; empty if it was not.")
    task_id = serializers.UUIDField(allow_null=True, help_text="The task that a `run` put on the queue.")


class BulkSerializer(serializers.Serializer[Any]):
    """What came of doing one thing to many schedules."""

    dry_run = serializers.BooleanField(help_text="Nothing was written: each says what would be.")
    action = serializers.ChoiceField([each.value for each in Action])
    results = BulkResultSerializer(many=True)
