"""Tasks as the API takes and shows them."""

from typing import Any

from django_filters import CharFilter, FilterSet, UUIDFilter
from rest_framework import serializers

from orchestrator_site.common.api import Flag, Id, Moment, Object, StrictSerializer, Text, choice_filter
from orchestrator_site.common.clock import database_now
from tasks.models import StepStatus, Task, TaskCallback, TaskStatus, TaskStep
from tasks.selectors import find_callback
from tasks.services import Resumption
from tasks.standing import CurrentStep, CurrentSteps, describe_awaited_form
from tasks.states import RETRYABLE
from workflows.engine.errors import InvalidInputs
from workflows.engine.state import validate_inputs

# Resuming is a transaction for each: so many take seconds.
MAX_RESUMED = 1_000
CURRENT_STEPS = "current_steps"


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


class ResumeTaskBody(StrictSerializer):
    """The body that resumes a task."""

    inputs = Object(required=False, help_text="Answers to the form of the step at which it is suspended.")
    resume_at = Text(
        max_length=255, required=False, help_text="Name of the step at which it goes on, where its steps were changed."
    )


class ResumeTasksBody(StrictSerializer):
    """The body that resumes many tasks: those of `ids`, or those of a status."""

    ids = serializers.ListField(
        child=Id(),
        required=False,
        allow_empty=False,
        max_length=MAX_RESUMED,
        help_text="These, whatever their status is.",
    )
    status = serializers.ChoiceField(
        RETRYABLE,
        required=False,
        error_messages={"invalid_choice": f"give {', '.join(RETRYABLE[:-1])} or {RETRYABLE[-1]}; others by their ids"},
        help_text="Those of this status, the oldest first; `failed` unless it is given.",
    )
    workflow_name = Text(max_length=255, required=False, help_text="Of those, the tasks of this workflow.")
    dry_run = Flag(default=False, help_text="Say what would come of it, and write nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to choose tasks in two ways."""
        for name in ("status", "workflow_name"):
            if "ids" in attrs and name in attrs:
                raise serializers.ValidationError({name: f"give ids or {name}, not both"})
        return attrs


class TaskStepSerializer(serializers.Serializer[TaskStep]):
    """A step that was executed."""

    name = serializers.CharField()
    status = serializers.ChoiceField(StepStatus.choices)
    attempt = serializers.IntegerField(help_text="Which claim of the task executed it.")
    started_at = Moment()
    completed_at = Moment()
    state = Object(help_text="The state after it; if it failed, the state before it.")
    error = Object(allow_null=True, help_text="`class`, `message` and `traceback` of what it failed with.")


class CurrentStepSerializer(serializers.Serializer[Any]):
    """The step at which a task stands."""

    name = serializers.CharField()
    position = serializers.IntegerField(help_text="Its place in the list of steps, from 0.")
    started_at = Moment(allow_null=True, help_text="Null unless it runs.")
    timeout_seconds = serializers.FloatField(allow_null=True, help_text="How long it may take; null for no limit.")
    is_overdue = serializers.BooleanField(help_text="Whether it takes longer than that.")

    def get_attribute(self, instance: Task) -> CurrentStep | None:
        """Return the step at which the task stands that is shown."""
        steps: CurrentSteps = self.context[CURRENT_STEPS]
        return steps.find_of(instance)


class TaskSerializer(serializers.Serializer[Task]):
    """A task with its steps, in the order in which they were executed; `make_context` gives what it needs."""

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
    retry_at = Moment(allow_null=True, help_text="When a waiting task tries its step again.")
    version = serializers.IntegerField()
    revision = serializers.IntegerField(help_text="How often it was put onto a changed list of steps.")
    steps_version = serializers.CharField(help_text="The list of steps that it ran by; empty if none has run.")
    current_step = CurrentStepSerializer(
        allow_null=True,
        help_text="While it runs, is suspended, waits or awaits a callback; null also where the web server does not "
        "have the code that it ran by.",
    )
    steps = TaskStepSerializer(many=True)


class TaskCallbackSerializer(serializers.Serializer[Any]):
    """What a task awaits, or has awaited, of another system; the address for it is a secret."""

    created_at = Moment()
    expires_at = Moment(allow_null=True, help_text="Null for no limit, and until the task begins to wait.")
    answered_at = Moment(allow_null=True)
    progress = serializers.JSONField(allow_null=True, help_text="What the other system said last of its work.")
    progressed_at = Moment(allow_null=True)

    def get_attribute(self, instance: Task) -> TaskCallback | None:
        """Return the callback that the task opened last."""
        return find_callback(instance.pk)


class FormField(Object):
    """The form that a suspended task awaits answers to."""

    def get_attribute(self, instance: Task) -> dict[str, Any] | None:
        """Return its JSON schema."""
        return describe_awaited_form(instance)


class WholeTaskSerializer(TaskSerializer):
    """A task, whole: with what it is asked, and what it waits for."""

    form = FormField(allow_null=True, help_text="JSON schema of the `inputs` with which a suspended task is resumed.")
    callback = TaskCallbackSerializer(allow_null=True, help_text="The one that it opened last.")


def make_context() -> dict[str, Any]:
    """Return what a TaskSerializer needs besides tasks; it is for one answer."""
    return {CURRENT_STEPS: CurrentSteps(now=database_now())}


class ResumptionSerializer(serializers.Serializer[Resumption]):
    """What came of resuming one of many tasks."""

    task_id = serializers.UUIDField()
    resumed = serializers.SerializerMethodField()
    problem = serializers.CharField(help_text="Why it was left as it is; empty if it was not.")

    def get_resumed(self, resumption: Resumption) -> bool:
        """Whether it was; in a dry run, whether it would be."""
        return not resumption.problem


class TaskFilters(FilterSet):
    """`?workflow_name=&status=&schedule_id=`."""

    workflow_name = CharFilter(field_name="workflow__name")
    status = choice_filter(TaskStatus.values)
    schedule_id = UUIDFilter()
