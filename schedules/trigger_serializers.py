"""Triggers, their options and their next times as the API takes and shows them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from orchestrator_site.common.api import Moment, Object, StrictSerializer, Text, refuse_unknown
from orchestrator_site.common.errors import InvalidValue
from schedules.previews import DEFAULT_COUNT, MAX_COUNT, Preview, read_after
from schedules.triggers import DST_FOLDS, DST_GAPS, MAX_SPREAD_SECONDS, MISSING_DAYS, OPTIONS
from schedules.triggers.fields import did_you_mean

TRIGGER_KWARGS_HELP = "The arguments of the trigger, under the names that APScheduler gives them."
ZONE_HELP = "IANA name; without it, the zone of the installation."
GAP_HELP = "What becomes of a fixed time of day that the clocks jump over: the first instant after the gap, or nothing."
FOLD_HELP = "Which one counts of a fixed time of day that the clocks show twice."
MISSING_DAY_HELP = "`calendarinterval`: what becomes of the 29th to 31st in a month that has none."
SPREAD_HELP = "It runs up to so much later, always by the same number of seconds, which follows from its id."


class TriggerKind(Text):
    """The name of a kind of trigger; which there are is for the triggers to say."""


class TriggerKwargs(Object):
    """The arguments of a trigger, whatever its kind; which there are is for the triggers to say."""


class Choice(Text):
    """One of a few words."""

    default_error_messages = {"unknown": "'{given}' is not known{hint}"}

    def __init__(self, *, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        text = super().to_internal_value(data)
        if text not in self.choices:
            self.fail("unknown", given=text, hint=did_you_mean(text, self.choices))
        return text


class Number(serializers.IntegerField):
    """A whole number; text and 1.0 are none."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(f"give a whole number, not {type(data).__name__}")
        return data


class After(Text):
    """The moment after which a preview begins."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the moment; one without an offset stands on the clocks of the schedule."""
        try:
            return read_after(super().to_internal_value(data))
        except InvalidValue as error:
            raise serializers.ValidationError(str(error)) from error


class RuleBody(StrictSerializer):
    """The options of a trigger beside its kind and its arguments."""

    timezone = Text(required=False, help_text=ZONE_HELP)
    dst_gap = Choice(choices=DST_GAPS, required=False, help_text=GAP_HELP)
    dst_fold = Choice(choices=DST_FOLDS, required=False, help_text=FOLD_HELP)
    on_missing_day = Choice(choices=MISSING_DAYS, required=False, help_text=MISSING_DAY_HELP)
    spread_seconds = Number(min_value=0, max_value=MAX_SPREAD_SECONDS, required=False, help_text=SPREAD_HELP)

    @staticmethod
    def options(body: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a validated body; None for one that it does not have."""
        return {name: body.get(name) for name in OPTIONS}


class PreviewBody(RuleBody):
    """The body that asks for the next times of a trigger; `from` is exclusive."""

    trigger = TriggerKind()
    trigger_kwargs = TriggerKwargs(help_text=TRIGGER_KWARGS_HELP)
    n = Number(min_value=1, max_value=MAX_COUNT, required=False, help_text=f"How many; {DEFAULT_COUNT} if left out.")

    def get_fields(self) -> dict[str, Any]:
        """Add the key whose name Python keeps for itself."""
        after = After(required=False, help_text="ISO 8601; only what comes after it. Now if left out.")
        return {**super().get_fields(), "from": after}

    @staticmethod
    def arguments(body: dict[str, Any]) -> dict[str, Any]:
        """Return the validated body as `preview_draft` takes it."""
        return {
            "kind": body["trigger"],
            "kwargs": body["trigger_kwargs"],
            "given_options": RuleBody.options(body),
            "after": body.get("from"),
            "count": body.get("n", DEFAULT_COUNT),
        }


def read_preview_query(request: Request) -> tuple[datetime | None, int]:
    """Return what `?from=&n=` asks for: after which moment, and how many times.

    Raises:
        InvalidValue: A parameter is unknown, or has a value that it cannot have.
    """
    query = request.query_params
    refuse_unknown(query, ("from", "n"))
    count = query.get("n", str(DEFAULT_COUNT))
    if not re.fullmatch(r"[1-9]\d{0,2}", count, re.ASCII) or int(count) > MAX_COUNT:
        raise InvalidValue(f"'n' is a number from 1 to {MAX_COUNT}, not '{count}'", field="n", value=count)
    after = query.get("from")
    return None if after is None else read_after(after), int(count)


class LocalMoment(serializers.Field):  # type: ignore[type-arg]
    """A moment as the clocks of its zone show it, with their offset."""

    def to_representation(self, value: datetime) -> str:
        """Return it in ISO 8601."""
        return value.isoformat()


class ClockChange(serializers.CharField):
    """What a change of the clocks has to do with a time: `gap` or `fold`, mostly nothing."""


class FireSerializer(serializers.Serializer[Any]):
    """A time at which a schedule runs."""

    at = Moment()
    local = LocalMoment(help_text="The same moment on the clocks of the schedule's zone.")
    offset = serializers.CharField(help_text="How far those clocks are from UTC, as +02:00.")
    dst = ClockChange(
        allow_null=True, help_text="The time of day that was planned is one that the clocks skip or show twice."
    )


class NoticeSerializer(serializers.Serializer[Any]):
    """Something about a schedule that may not be what was meant."""

    code = serializers.CharField()
    detail = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Preview]):
    """The next times of a trigger."""

    summary = serializers.CharField(help_text="The trigger in words.")
    fires = FireSerializer(many=True)
    warnings = NoticeSerializer(source="notices", many=True)
    truncated = serializers.BooleanField(
        source="is_truncated", help_text="There may be more, too far away to look for."
    )
