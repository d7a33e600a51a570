"""Workflows as the API shows them."""

from django_filters import CharFilter, FilterSet
from rest_framework import serializers

from orchestrator_site.common.api import Moment, choice_filter, flag_filter
from workflows.engine import Target
from workflows.models import Workflow


class WorkflowSerializer(serializers.Serializer[Workflow]):
    """A workflow."""

    workflow_id = serializers.UUIDField(source="id")
    name = serializers.CharField()
    target = serializers.ChoiceField([(target.value, target.name) for target in Target])
    is_task = serializers.BooleanField(help_text="Only these can be scheduled and started by hand.")
    description = serializers.CharField()
    created_at = Moment()


class WorkflowFilters(FilterSet):
    """`?name=&target=&is_task=`."""

    name = CharFilter()
    target = choice_filter(Target)
    is_task = flag_filter()
