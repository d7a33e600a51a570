"""How triggers describe themselves in the REST API: the schema of each kind's arguments, and an example of each."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from schedules.triggers import KINDS

Json = dict[str, Any]

_MOMENT = {"type": "string", "description": "ISO 8601; without an offset, on the clocks of the schedule's zone."}
_AMOUNT = {"type": "number", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 0}
_EXPRESSION = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}]}
_TRIGGERS = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/TriggerPart"},
    "minItems": 1,
    "maxItems": 10,
    "description": "Triggers of any kind; three levels deep and ten in all at most.",
}
_BOUNDS = {"start_date": _MOMENT, "end_date": _MOMENT}

# Kind of trigger → name of the component, what it means, its arguments.
ARGUMENT_SCHEMAS: dict[str, tuple[str, str, Json]] = {
    "interval": (
        "IntervalArguments",
        "A fixed grid of elapsed time.",
        dict.fromkeys(("weeks", "days", "hours", "minutes", "seconds"), _AMOUNT) | _BOUNDS,
    ),
    "cron": (
        "CronArguments",
        "A pattern on the zone's clocks: fields as APScheduler reads them, or a crontab as cron does.",
        dict.fromkeys(("year", "month", "day", "week", "day_of_week", "hour", "minute", "second"), _EXPRESSION)
        | {"day_of_week": {**_EXPRESSION, "description": "As a number, 0 is Monday; names are clearer."}}
        | {
            "crontab": {
                "type": "string",
                "description": "Five fields, or six with the seconds first, or `@daily`; 0 and 7 are Sunday.",
            }
        }
        | _BOUNDS,
    ),
    "date": ("DateArguments", "Once.", {"run_date": _MOMENT}),
    "calendarinterval": (
        "CalendarIntervalArguments",
        "Every so many days of the calendar, at one time of day.",
        dict.fromkeys(("years", "months", "weeks", "days"), _COUNT)
        | {name: {**_COUNT, "maximum": most} for name, most in (("hour", 23), ("minute", 59), ("second", 59))}
        | _BOUNDS,
    ),
    "and": (
        "AndArguments",
        "Whenever all of its triggers fire within `threshold_seconds` of one another, at the last of them.",
        {"triggers": _TRIGGERS, "threshold_seconds": {"type": "number", "minimum": 0, "maximum": 3600, "default": 1}},
    ),
    "or": ("OrArguments", "Whenever any of its triggers fires.", {"triggers": _TRIGGERS}),
}
_NEEDED = {"date": ["run_date"], "and": ["triggers"], "or": ["triggers"]}

EXAMPLES: dict[str, Json] = {
    "Every 12 hours": {"trigger": "interval", "trigger_kwargs": {"hours": 12}},
    "At night on working days": {
        "trigger": "cron",
        "trigger_kwargs": {"day_of_week": "mon-fri", "hour": 2, "minute": 30},
        "timezone": "Europe/Amsterdam",
        "dst_gap": "run_after",
        "dst_fold": "first",
    },
    "By a crontab": {
        "trigger": "cron",
        "trigger_kwargs": {"crontab": "30 2 * * 1-5"},
        "timezone": "Europe/Amsterdam",
        "spread_seconds": 300,
    },
    "Once": {"trigger": "date", "trigger_kwargs": {"run_date": "2099-05-01T03:00:00+02:00"}},
    "At the end of each month": {
        "trigger": "calendarinterval",
        "trigger_kwargs": {"months": 1, "hour": 8, "start_date": "2027-01-31"},
        "timezone": "Europe/Amsterdam",
        "on_missing_day": "last_day",
    },
    "Every other Monday": {
        "trigger": "and",
        "trigger_kwargs": {
            "triggers": [
                {"trigger": "cron", "trigger_kwargs": {"day_of_week": "mon", "hour": 6}},
                {"trigger": "calendarinterval", "trigger_kwargs": {"weeks": 2, "hour": 6, "start_date": "2027-01-04"}},
            ]
        },
    },
    "Twice on Sundays, and on New Year's Day": {
        "trigger": "or",
        "trigger_kwargs": {
            "triggers": [
                {"trigger": "cron", "trigger_kwargs": {"day_of_week": "sun", "hour": "6,18"}},
                {"trigger": "cron", "trigger_kwargs": {"month": 1, "day": 1, "hour": 12}},
            ]
        },
    },
}


class TriggerKindField(OpenApiSerializerFieldExtension):
    """The name of a kind of trigger."""

    target_class = "schedules.trigger_serializers.TriggerKind"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"type": "string", "enum": list(KINDS)}


class TriggerKwargsField(OpenApiSerializerFieldExtension):
    """The arguments of a trigger: one component for each kind."""

    target_class = "schedules.trigger_serializers.TriggerKwargs"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        of_any_kind = {"anyOf": [_component(auto_schema, *each) for each in _components()]}
        part = {"trigger": {"type": "string", "enum": list(KINDS)}, "trigger_kwargs": of_any_kind}
        _component(auto_schema, "TriggerPart", _closed("A trigger inside of another one.", part, needed=list(part)))
        return of_any_kind


class ChoiceField(OpenApiSerializerFieldExtension):
    """One of a few words."""

    target_class = "schedules.trigger_serializers.Choice"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"type": "string", "enum": list(self.target.choices)}


class AfterField(OpenApiSerializerFieldExtension):
    """A moment, with an offset or without."""

    target_class = "schedules.trigger_serializers.After"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return _MOMENT


class LocalMomentField(OpenApiSerializerFieldExtension):
    """A moment with its offset."""

    target_class = "schedules.trigger_serializers.LocalMoment"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"type": "string", "format": "date-time"}


class ClockChangeField(OpenApiSerializerFieldExtension):
    """`gap`, `fold`, or null."""

    target_class = "schedules.trigger_serializers.ClockChange"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Json:
        """Return the schema."""
        return {"oneOf": [{"type": "string", "enum": ["gap", "fold"]}]}  # that it may be null is added


def _components() -> list[tuple[str, Json]]:
    return [
        (name, _closed(meaning, arguments, needed=_NEEDED.get(kind, [])))
        for kind, (name, meaning, arguments) in ARGUMENT_SCHEMAS.items()
    ]


def _closed(description: str, properties: Json, *, needed: list[str]) -> Json:
    required = {"required": needed} if needed else {"minProperties": 1}
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        **required,
        "additionalProperties": False,
    }


def _component(auto_schema: AutoSchema, name: str, schema: Json) -> Json:
    """Return a reference to a component, which is made on first use."""
    component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, object=name)
    auto_schema.registry.register_on_missing(component)
    return dict(component.ref)
