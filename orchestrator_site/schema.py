"""The GraphQL schema of the site: it only reads."""

import graphene

from schedules.explanation_schema import ExplanationQuery
from schedules.schema import ScheduleQuery
from tasks.schema import TaskQuery
from workflows.schema import WorkflowQuery


class Query(ScheduleQuery, ExplanationQuery, TaskQuery, WorkflowQuery):
    """Everything that can be read."""


schema = graphene.Schema(query=Query)
