"""Tasks as the API takes and shows them."""

from typing import Any

from django_filters import CharFilter, FilterSet, UUIDFilter
from rest_framework import serializers

from orchestrator_site.common.api import Moment, Object, StrictSerializer, Text, choice_filter
from tasks.models import StepStatus, Task, TaskStatus, TaskStep
from workflows.engine.errors import InvalidInputs
from workflows.engine.state import validate_inputs


def check_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs that a task can start with.

    Raises:
        ValidationError: They use a key that every task sets itself, or hold what cannot be stored.
    """
    try:
        validate_inputs(inputs)
    except InvalidInputs as error:
        raise serializers.ValidationError(str(error)) from error
    return inputs


class StartTaskBody(StrictSerializer):
    """The body that starts a task by hand."""

    workflow_name = Text(max_length=255)
    inputs = Object(default=dict, help_text="What its first state holds, beside the keys that every task sets.")

    def validate_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what no task can start with."""
        return check_inputs(inputs)


class EmptyBody(StrictSerializer):
    """A body without any key."""


class TaskStepSerializer(serializers.Serializer[TaskStep]):
    """A step that was executed."""

    name = serializers.CharField()
    status = serializers.ChoiceField(StepStatus.choices)
    attempt = serializers.IntegerField(help_text="Which claim of the task executed it.")
    started_at = Moment()
    completed_at = Moment()
    state = Object(help_text="The state after it; if it failed, the state before it.")
    error = Object(allow_null=True, help_text="`class`, `message` and `traceback` of what it failed with.")


class TaskSerializer(serializers.Serializer[Task]):
    """A task with its steps, in the order in which they were executed."""

    task_id = serializers.UUIDField(source="id")
    workflow_name = serializers.CharField(source="workflow.name")
    status = serializers.ChoiceField(TaskStatus.choices)
    inputs = Object()
    reporter = serializers.CharField(help_text="Who started it: a user, or the scheduler.")
    schedule_id = serializers.UUIDField(allow_null=True, help_text="Null if it was started by hand.")
    scheduled_for = Moment(allow_null=True, help_text="The planned instant that started it.")
    created_at = Moment()
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    failed_reason = serializers.CharField(help_text="Empty unless it failed.")
    attempt = serializers.IntegerField(help_text="How often a worker has claimed it.")
    abort_requested_at = Moment(allow_null=True, help_text="A task that runs ends before its next step.")
    version = serializers.IntegerField()
    steps = TaskStepSerializer(many=True)


class TaskFilters(FilterSet):
    """`?workflow_name=&status=&schedule_id=`."""

    workflow_name = CharFilter(field_name="workflow__name")
    status = choice_filter(TaskStatus.values)
    schedule_id = UUIDFilter()
