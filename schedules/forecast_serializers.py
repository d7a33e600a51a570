"""A forecast as the API describes it; what it answers is `schedules.forecasts.as_json`."""

from typing import Any

from rest_framework import serializers

from orchestrator_site.common.api import Moment
from schedules.trigger_serializers import FireSerializer


class PlannedInstantSerializer(FireSerializer):
    """A planned instant of a schedule."""

    schedule_id = serializers.UUIDField()
    name = serializers.CharField()
    workflow_name = serializers.CharField(allow_null=True, help_text="Null when the schedule is linked to none.")


class MinuteLoadSerializer(serializers.Serializer[Any]):
    """How much is planned in a minute."""

    minute = Moment()
    count = serializers.IntegerField(help_text="Planned instants of all schedules.")


class FrozenSerializer(serializers.Serializer[Any]):
    """The freeze that is in force."""

    reason = serializers.CharField()
    until = Moment(allow_null=True, help_text="When it ends by itself; null if somebody has to end it.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What is planned in a window."""

    to = Moment(help_text="The end of the window, exclusive.")
    truncated = serializers.BooleanField(help_text="Some instants of the window may be missing in `instants`.")
    exact_until = Moment(help_text="Every instant before it is in `instants`; `to`, if none is missing.")
    instants = PlannedInstantSerializer(many=True, help_text="The first ones, by time and name; at most 500.")
    as_of = Moment(allow_null=True, help_text="When the load was counted; null if it was not yet.")
    load_until = Moment(allow_null=True, help_text="How far ahead the load was counted.")
    load = MinuteLoadSerializer(
        many=True,
        allow_null=True,
        help_text="The whole minutes of the window in which something is planned; null with a filter.",
    )
    frozen = FrozenSerializer(allow_null=True, help_text="Whether the engine is frozen now: nothing new starts.")

    def get_fields(self) -> dict[str, Any]:
        """Add the key whose name Python keeps for itself."""
        return {"from": Moment(help_text="The beginning of the window, inclusive."), **super().get_fields()}
