"""How the forecast describes itself in the REST API: texts, examples and errors."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.openapi import example, filter_parameters, problem
from schedules.api_docs import SCHEDULE_ID, SCHEDULES
from schedules.forecast_serializers import ForecastSerializer
from schedules.forecasts import LONGEST_WINDOW
from schedules.serializers import ScheduleFilters

FORECAST: dict[str, Any] = {
    "from": "2027-03-28T00:00:00Z",
    "to": "2027-03-28T02:00:00Z",
    "truncated": False,
    "exact_until": "2027-03-28T02:00:00Z",
    "instants": [
        {
            "at": "2027-03-28T01:00:00Z",
            "local": "2027-03-28T03:00:00+02:00",
            "offset": "+02:00",
            "dst": "gap",
            "schedule_id": SCHEDULE_ID,
            "name": "Nightly Product Validation",
            "workflow_name": "task_validate_products",
        }
    ],
    "as_of": "2027-03-27T21:14:07.120000Z",
    "load_until": "2027-04-27T21:14:00Z",
    "load": [{"minute": "2027-03-28T01:00:00Z", "count": 1}],
    "frozen": None,
}
_TOO_LONG = problem(
    HTTPStatus.BAD_REQUEST,
    "The two moments make no window; the field and its value are named.",
    detail="'to' is '2027-06-01T00:00:00Z'; a window has at most 31 days, so give a moment up to 2027-04-28T00:00:00Z",
    field="to",
    value="2027-06-01T00:00:00Z",
)

describe_forecast = extend_schema_view(
    get=extend_schema(
        operation_id="get_forecast",
        summary="What runs between two moments",
        description="The planned instants of all schedules, their spread included: the next 500 one by one, and how "
        "many there are in each minute, which schedulers count in the background. With a filter, only those of the "
        "schedules that it names, and no load.",
        tags=SCHEDULES,
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.DATETIME, description="Inclusive. Now, if left out or if it has passed."
            ),
            OpenApiParameter(
                "to",
                OpenApiTypes.DATETIME,
                description=f"Exclusive, at most {LONGEST_WINDOW.days} days after `from`. A day after it, if left out.",
            ),
            *filter_parameters(
                ScheduleFilters, name="A part of the name, in any case.", workflow_name="The workflow's whole name."
            ),
        ],
        responses={
            200: OpenApiResponse(
                ForecastSerializer, "What is planned.", examples=[example("TheNightOfTheChange", FORECAST)]
            ),
            **_TOO_LONG,
        },
    )
)
