"""Workflows in the GraphQL API."""

import graphene

from orchestrator_site.common.graphql.lists import RowList, list_field
from workflows.selectors import list_workflows

WORKFLOWS = RowList(
    permission="workflows.view_workflow",
    rows=list_workflows,
    columns={
        "id": "id",
        "name": "name",
        "target": "target",
        "is_task": "is_task",
        "description": "description",
        "created_at": "created_at",
    },
)


class Workflow(graphene.ObjectType):  # type: ignore[misc]  # graphene has no types
    """A workflow that is registered; one that is a task can be scheduled."""

    id = graphene.UUID(required=True)
    name = graphene.String(required=True)
    target = graphene.String(required=True)
    is_task = graphene.Boolean(required=True)
    description = graphene.String(required=True)
    created_at = graphene.DateTime(required=True)


class WorkflowQuery(graphene.ObjectType):  # type: ignore[misc]
    """The part of the root that is about workflows."""

    workflows = list_field(WORKFLOWS, Workflow, "The workflows that are registered, by name.")
