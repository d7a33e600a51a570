"""The GraphQL schema of the site: it only reads."""

import graphene

from schedules.schema import ScheduleQuery
from tasks.schema import TaskQuery
from workflows.schema import WorkflowQuery


class Query(ScheduleQuery, TaskQuery, WorkflowQuery):
    """Everything that can be read."""


schema = graphene.Schema(query=Query)
