"""How previews describe themselves in the REST API: texts, examples and errors."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)

from orchestrator_site.common.openapi import example
from schedules.api_docs import BAD_TRIGGER, NO_SCHEDULE, SCHEDULES
from schedules.previews import DEFAULT_COUNT, MAX_COUNT
from schedules.trigger_docs import EXAMPLES
from schedules.trigger_serializers import PreviewBody, PreviewSerializer

PREVIEW: dict[str, Any] = {
    "summary": "At 02:30 every day, Europe/Amsterdam",
    "fires": [
        {"at": "2027-03-27T01:30:00Z", "local": "2027-03-27T02:30:00+01:00", "offset": "+01:00", "dst": None},
        {"at": "2027-03-28T01:00:00Z", "local": "2027-03-28T03:00:00+02:00", "offset": "+02:00", "dst": "gap"},
    ],
    "warnings": [
        {
            "code": "dst_gap",
            "detail": "On 2027-03-28 the clocks of Europe/Amsterdam go from 02:00 to 03:00: what is planned at 02:30 "
            "runs at 03:00 (dst_gap 'run_after'); 'skip' would leave it out.",
        }
    ],
    "truncated": False,
}
_PREVIEW = OpenApiResponse(PreviewSerializer, "The next times.", examples=[example("Every night", PREVIEW)])

describe_preview = extend_schema_view(
    post=extend_schema(
        operation_id="preview_schedule",
        summary="Preview a trigger",
        description="When a schedule with this trigger would run, and what in it may not be meant so. What would be "
        "refused when it is created is refused here; nothing is written.",
        tags=SCHEDULES,
        request=OpenApiRequest(
            PreviewBody,
            examples=[
                *(example(name, rule) for name, rule in EXAMPLES.items()),
                example(
                    "The night when the clocks go forward",
                    {
                        "trigger": "cron",
                        "trigger_kwargs": {"hour": 2, "minute": 30},
                        "timezone": "Europe/Amsterdam",
                        "from": "2027-03-27",
                        "n": 2,
                    },
                ),
            ],
        ),
        responses={200: _PREVIEW, **BAD_TRIGGER},
    )
)

describe_next = extend_schema_view(
    get=extend_schema(
        operation_id="list_next_times",
        summary="List the next times of a schedule",
        description="When it will run, its spread included.",
        tags=SCHEDULES,
        parameters=[
            OpenApiParameter(
                "from",
                OpenApiTypes.STR,
                description="ISO 8601, on the schedule's clocks without an offset: only times after it. Default: now.",
                examples=[
                    OpenApiExample("A day", value="2027-03-27"),
                    OpenApiExample("UTC", value="2027-03-27T00:00:00Z"),
                ],
            ),
            OpenApiParameter(
                "n",
                {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_COUNT},
                description="How many.",
            ),
        ],
        responses={200: _PREVIEW, **NO_SCHEDULE},
    )
)
