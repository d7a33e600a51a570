"""The Workflow row: what schedules, tasks and people refer to."""

from django.db import models

from orchestrator_site.common.fields import NameField
from orchestrator_site.common.ids import new_id
from workflows.engine import Target


class Workflow(models.Model):
    """A registered workflow; its code is found by `name`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = NameField(max_length=255)
    target = models.CharField(max_length=20, choices=[(target.value, target.value) for target in Target])
    is_task = models.BooleanField(default=False)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(deleted_at__isnull=True), name="workflow_name_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(is_task=True, target="SYSTEM")
                | (models.Q(is_task=False) & ~models.Q(target="SYSTEM")),
                name="workflow_is_task_when_target_is_system",
            ),
        ]

    def __str__(self) -> str:
        return self.name
