"""How `/api/workflows` describes itself: texts, examples and errors of each operation."""

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.openapi import example, list_parameters, page_of
from workflows.serializers import WorkflowFilters, WorkflowSerializer

WORKFLOW = {
    "workflow_id": "01997c4e-0b52-7f0d-8a6e-5d1c3b9f7e20",
    "name": "task_validate_products",
    "target": "SYSTEM",
    "is_task": True,
    "description": "Validate products",
    "created_at": "2027-02-01T08:00:00Z",
}

describe_workflows = extend_schema_view(
    get=extend_schema(
        operation_id="list_workflows",
        summary="List workflows",
        description="The workflows that are registered, by name.",
        tags=["Workflows"],
        parameters=list_parameters(WorkflowFilters, name="The whole name."),
        responses={
            200: OpenApiResponse(
                page_of(WorkflowSerializer),
                "A page.",
                examples=[example("Workflows", {"next": None, "previous": None, "results": [WORKFLOW]})],
            )
        },
    )
)

describe_translations = extend_schema_view(
    get=extend_schema(
        operation_id="get_translations",
        summary="Show the names of the workflows in a language",
        description="For a workflow that has no name in that language, its description stands in.",
        tags=["Workflows"],
        responses={
            200: OpenApiResponse(
                {
                    "type": "object",
                    "properties": {"workflows": {"type": "object", "additionalProperties": {"type": "string"}}},
                    "required": ["workflows"],
                },
                "Name by workflow.",
                examples=[example("Translations", {"workflows": {"task_sync_from": "Verify and NSO sync"}})],
            )
        },
    )
)
