"""Workflows as the API shows them."""

from django_filters import CharFilter, FilterSet
from rest_framework import serializers

from orchestrator_site.common.api import Moment, Object, choice_filter, flag_filter
from workflows.engine import Target
from workflows.models import Workflow
from workflows.selectors import StepForm, WorkflowForms


class WorkflowSerializer(serializers.Serializer[Workflow]):
    """A workflow."""

    workflow_id = serializers.UUIDField(source="id")
    name = serializers.CharField()
    target = serializers.ChoiceField([(target.value, target.name) for target in Target])
    is_task = serializers.BooleanField(help_text="Only these can be scheduled and started by hand.")
    description = serializers.CharField()
    created_at = Moment()


class StepFormSerializer(serializers.Serializer[StepForm]):
    """The form of a step."""

    name = serializers.CharField()
    schema = Object(help_text="JSON schema (draft 2020-12) of its answers.")


class WorkflowFormsSerializer(serializers.Serializer[WorkflowForms]):
    """The forms of a workflow."""

    workflow_name = serializers.CharField()
    initial = Object(allow_null=True, help_text="JSON schema of the inputs that start a task; null where any will do.")
    steps = StepFormSerializer(many=True)


class WorkflowFilters(FilterSet):
    """`?name=&target=&is_task=`."""

    name = CharFilter()
    target = choice_filter(Target)
    is_task = flag_filter()
