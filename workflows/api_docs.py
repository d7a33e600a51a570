"""How `/api/workflows` describes itself: texts, examples and errors of each operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.openapi import example, list_parameters, page_of, problem
from workflows.serializers import WorkflowFilters, WorkflowFormsSerializer, WorkflowSerializer

WORKFLOW = {
    "workflow_id": "01997c4e-0b52-7f0d-8a6e-5d1c3b9f7e20",
    "name": "task_validate_products",
    "target": "SYSTEM",
    "is_task": True,
    "description": "Validate products",
    "created_at": "2027-02-01T08:00:00Z",
}

FORMS: dict[str, Any] = {
    "workflow_name": "task_sync_from",
    "initial": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Sync",
        "properties": {"site": {"title": "Site", "type": "string", "minLength": 1}},
        "required": ["site"],
        "additionalProperties": False,
    },
    "steps": [
        {
            "name": "Approve",
            "schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "title": "Approval",
                "properties": {"reason": {"title": "Reason", "type": "string", "minLength": 1}},
                "required": ["reason"],
                "additionalProperties": False,
            },
        }
    ],
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

describe_forms = extend_schema_view(
    get=extend_schema(
        operation_id="get_workflow_forms",
        summary="Show the forms of a workflow",
        description="What the inputs of its tasks have to satisfy, and what its steps ask people, in their order.",
        tags=["Workflows"],
        responses={
            200: OpenApiResponse(WorkflowFormsSerializer, "The forms.", examples=[example("Forms", FORMS)]),
            **problem(
                HTTPStatus.NOT_FOUND,
                "No workflow has this name.",
                detail="Workflow does not exist",
                field="name",
                value="task_sync_form",
            ),
            **problem(
                HTTPStatus.CONFLICT,
                "Its code, or that of a form, cannot be used in the web server.",
                detail="no code is registered for workflow 'task_sync_from'",
            ),
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
