"""How `/api/schedulers` describes itself: texts, examples and errors of each operation."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.openapi import example, list_parameters, page_of
from schedules.process_serializers import SchedulerFilters, SchedulerProcessSerializer

SCHEDULER: dict[str, Any] = {
    "scheduler_id": "node-1:4711:9f86d081",
    "host": "node-1",
    "pid": 4711,
    "version": "0.1.0",
    "state": "alive",
    "started_at": "2027-03-01T09:00:00Z",
    "last_seen_at": "2027-03-01T21:00:04Z",
    "last_tick_at": "2027-03-01T21:00:01Z",
    "firings_per_minute": 240,
}

describe_schedulers = extend_schema_view(
    get=extend_schema(
        operation_id="list_schedulers",
        summary="List schedulers",
        description="The processes that fire schedules, the one that was seen last first. One that ends in order is "
        "gone from here; one that dies is `stale` after 30 s, and gone a day later.",
        tags=["Schedulers"],
        parameters=list_parameters(SchedulerFilters),
        responses={
            200: OpenApiResponse(
                page_of(SchedulerProcessSerializer),
                "A page.",
                examples=[example("Schedulers", {"next": None, "previous": None, "results": [SCHEDULER]})],
            )
        },
    )
)
