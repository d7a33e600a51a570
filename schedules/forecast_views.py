"""`/api/forecast`."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import read_filters
from schedules.forecast_docs import describe_forecast
from schedules.forecasts import as_json, forecast
from schedules.selectors import list_schedules
from schedules.serializers import ScheduleFilters

WINDOW = ("from", "to")


@describe_forecast
class ForecastView(APIView):
    """What is planned."""

    permissions = {"GET": "schedules.view_schedule"}

    def get(self, request: Request) -> Response:
        """Answer what runs between two moments."""
        query = request.query_params
        rows = read_filters(request, ScheduleFilters, rows=list_schedules(), parameters=WINDOW).qs
        # A filter without a value filters nothing.
        is_filtered = any(query[name] for name in query if name not in WINDOW)
        found = forecast(start=query.get("from"), end=query.get("to"), schedules=rows if is_filtered else None)
        return Response(as_json(found))
