"""`/api/workflows` and `/api/translations`."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import list_page
from workflows import api_docs
from workflows.selectors import describe_forms, list_workflows
from workflows.serializers import WorkflowFilters, WorkflowFormsSerializer, WorkflowSerializer
from workflows.translations import get_translations


@api_docs.describe_workflows
class WorkflowsView(APIView):
    """The workflows that are registered."""

    permissions = {"GET": "workflows.view_workflow"}

    def get(self, request: Request) -> Response:
        """List them by name."""
        return list_page(self, list_workflows(), filters=WorkflowFilters, serializer=WorkflowSerializer)


@api_docs.describe_forms
class WorkflowFormsView(APIView):
    """What a workflow asks people."""

    permissions = {"GET": "workflows.view_workflow"}

    def get(self, request: Request, name: str) -> Response:
        """Show its forms as JSON schemas; 409 where its code cannot be loaded."""
        return Response(WorkflowFormsSerializer(describe_forms(workflow_name=name)).data)


@api_docs.describe_translations
class TranslationsView(APIView):
    """The names of the workflows for people."""

    permissions = {"GET": "workflows.view_workflow"}

    def get(self, request: Request, language: str) -> Response:
        """Answer them in one language."""
        return Response({"workflows": get_translations(language)})
