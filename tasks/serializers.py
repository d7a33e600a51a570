"""Tasks as the API takes and shows them."""

from typing import Any

from django_filters import CharFilter, FilterSet, UUIDFilter
from rest_framework import serializers

from orchestrator_site.common.api import Moment, Object, StrictSerializer, Text, choice_filter
from tasks.models import Task, TaskStatus, TaskStep
from tasks.runner import RESERVED_KEYS
from workflows.engine.state import to_storable_json


def check_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs that a task can start with.

    Raises:
        ValidationError: They use a key that every task sets itself, or hold what cannot be stored.
    """
    for key in inputs:
        if key in RESERVED_KEYS:
            raise serializers.ValidationError(f"'{key}' is set by the task itself; give the input another name")
    try:
        to_storable_json(inputs)
    except ValueError as error:
        raise serializers.ValidationError(f"the inputs cannot be stored: {error}") from error
    return inputs


class StartTaskBody(StrictSerializer):
    """The body that starts a task by hand."""

    workflow_name = Text(max_length=255)
    inputs = Object(default=dict)

    def validate_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what no task can start with."""
        return check_inputs(inputs)


class EmptyBody(StrictSerializer):
    """A body without any key."""


class TaskStepSerializer(serializers.Serializer[TaskStep]):
    """A step that was executed."""

    name = serializers.CharField()
    status = serializers.CharField()
    attempt = serializers.IntegerField()
    started_at = Moment()
    completed_at = Moment()
    state = Object()
    error = Object()


class TaskSerializer(serializers.Serializer[Task]):
    """A task with its steps, in the order in which they were executed."""

    task_id = serializers.UUIDField(source="id")
    workflow_name = serializers.CharField(source="workflow.name")
    status = serializers.CharField()
    inputs = Object()
    reporter = serializers.CharField()
    schedule_id = serializers.UUIDField()
    scheduled_for = Moment()
    created_at = Moment()
    started_at = Moment()
    finished_at = Moment()
    failed_reason = serializers.CharField()
    attempt = serializers.IntegerField()
    abort_requested_at = Moment()
    version = serializers.IntegerField()
    steps = TaskStepSerializer(many=True)


class TaskFilters(FilterSet):
    """`?workflow_name=&status=&schedule_id=`."""

    workflow_name = CharFilter(field_name="workflow__name")
    status = choice_filter(TaskStatus.values)
    schedule_id = UUIDFilter()
