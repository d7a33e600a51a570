"""`/api/schedulers`: which processes fire schedules, and whether they are alive."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import list_page
from orchestrator_site.common.clock import database_now
from schedules import process_docs
from schedules.process_serializers import SchedulerFilters, SchedulerProcessSerializer
from schedules.processes import list_processes


@process_docs.describe_schedulers
class SchedulersView(APIView):
    """The schedulers."""

    permissions = {"GET": "schedules.view_schedulerprocess"}

    def get(self, request: Request) -> Response:
        """List them, the one that was seen last first."""
        context = {"now": database_now()}
        return list_page(
            self,
            list_processes(),
            filters=SchedulerFilters,
            serializer=SchedulerProcessSerializer,
            context=context,
        )
