"""Filters of the list of tasks; they have the words and the values of the API."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchestrator_site.common.admin.filters import IdFilter, SinceFilter
from tasks.admin.marks import TASK_MARKS
from tasks.models import Task, TaskStatus
from tasks.states import FAILURES
from tasks.whereabouts import hanging
from workflows.selectors import list_subscriptions, list_workflows

Choices = list[tuple[str, str]]


class StatusFilter(SimpleListFilter):
    """Tasks by where they stand."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the statuses."""
        return [(status, str(mark.label)) for status, mark in TASK_MARKS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Keep those that stand there."""
        return queryset.filter(status=self.value()) if self.value() else queryset


class AttentionFilter(SimpleListFilter):
    """Tasks of which somebody may want to know."""

    title = gettext_lazy("attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the reasons for that."""
        return [
            ("failed", _("Failed in the last 24 h")),
            ("people", _("Waits for people")),
            ("hangs", _("Overdue or hanging")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Keep those of the reason."""
        condition = _attention(self.value(), now=now())
        return queryset if condition is None else queryset.filter(condition)


def _attention(reason: str | None, *, now: datetime) -> Q | None:
    if reason == "failed":
        return Q(status__in=FAILURES, finished_at__gte=now - timedelta(days=1))
    if reason == "people":
        return Q(status=TaskStatus.SUSPENDED)
    return hanging(now=now) if reason == "hangs" else None


class OfWorkflowFilter(SimpleListFilter):
    """Tasks by their workflow."""

    title = gettext_lazy("workflow")
    parameter_name = "workflow_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the workflows that can have tasks."""
        return [(name, name) for name in list_workflows().filter(is_task=True).values_list("name", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Keep those of the workflow, also of one that was deleted."""
        return queryset.filter(workflow__name=self.value()) if self.value() else queryset


class CreatedFilter(SinceFilter):
    """Tasks by when they were created."""

    title = gettext_lazy("created")
    moment = "created_at"


class OfSubscriptionFilter(IdFilter):
    """The tasks about one subscription, whose id is their concurrency key; the link on its page chooses it."""

    title = gettext_lazy("subscription")
    parameter_name = "concurrency_key"

    def name_of(self, chosen: UUID) -> str:
        """Return what the subscription is called."""
        subscription = list_subscriptions().filter(pk=chosen).first()
        return str(subscription or chosen)
