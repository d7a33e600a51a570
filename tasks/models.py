"""Task and TaskStep: one run of a workflow, and what its steps gave."""

from django.db import models
from django.db.models import F, Q

from orchestrator_site.common.ids import new_id
from workflows.models import Workflow


class TaskStatus(models.TextChoices):
    """Where a task stands; `tasks.states` says which moves are legal."""

    CREATED = "created"
    RUNNING = "running"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    AWAITING_CALLBACK = "awaiting_callback"
    ABORTED = "aborted"
    FAILED = "failed"
    API_UNAVAILABLE = "api_unavailable"
    INCONSISTENT_DATA = "inconsistent_data"
    COMPLETED = "completed"
    RESUMED = "resumed"


CLAIMABLE = (TaskStatus.CREATED, TaskStatus.RESUMED)
ENDED = (
    TaskStatus.ABORTED,
    TaskStatus.FAILED,
    TaskStatus.API_UNAVAILABLE,
    TaskStatus.INCONSISTENT_DATA,
    TaskStatus.COMPLETED,
)
# The others block the tasks behind them that share their concurrency key.
BLOCKING = tuple(status for status in TaskStatus if status not in ENDED)


class StepStatus(models.TextChoices):
    """What a recorded step ended in."""

    SUCCESS = "success"
    SKIPPED = "skipped"
    SUSPEND = "suspend"
    WAITING = "waiting"
    AWAITING_CALLBACK = "awaiting_callback"
    FAILED = "failed"
    ABORT = "abort"
    COMPLETE = "complete"


PASSED = (StepStatus.SUCCESS, StepStatus.SKIPPED, StepStatus.COMPLETE)


class Task(models.Model):
    """One run of a workflow: it is its own place in the queue.

    `attempt` counts the claims and fences every write of a worker; `position` is the number of steps that passed, so
    that whoever takes over begins there. The schedule is named as data: a task outlives it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="tasks")
    status = models.CharField(max_length=20, choices=TaskStatus.choices, default=TaskStatus.CREATED)
    inputs = models.JSONField(default=dict, blank=True)
    reporter = models.CharField(max_length=150)
    version = models.PositiveIntegerField(default=1)

    attempt = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=255, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    abort_requested_at = models.DateTimeField(null=True, blank=True)

    schedule_id = models.UUIDField(null=True, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    concurrency_key = models.UUIDField(null=True, blank=True)

    created_at = models.DateTimeField()
    available_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-id",)
        permissions = [
            ("start_task", "Can start a task by hand"),
            ("resume_task", "Can resume"),
            ("abort_task", "Can abort"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=TaskStatus.RUNNING, lease_expires_at__isnull=False)
                | (~Q(status=TaskStatus.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="task_has_a_lease_while_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(status__in=CLAIMABLE, available_at__isnull=False)
                | (~Q(status__in=CLAIMABLE) & Q(available_at__isnull=True)),
                name="task_is_available_while_it_is_queued",
            ),
            models.CheckConstraint(condition=Q(status__in=TaskStatus.values), name="task_status_is_known"),
        ]
        # Partial indexes say IS NOT NULL only: SQLite cannot prove any other condition from a query's parameters.
        indexes = [
            # the claim, in its order
            models.Index(fields=["available_at", "id"], name="task_claim", condition=Q(available_at__isnull=False)),
            # the look for workers that died
            models.Index(fields=["lease_expires_at"], name="task_lease", condition=Q(lease_expires_at__isnull=False)),
            # has an older task of this key not ended? asked by every claim and every turn
            models.Index(
                fields=["concurrency_key", "status", "id"],
                name="task_overlap",
                condition=Q(concurrency_key__isnull=False),
            ),
            # the tasks of a schedule, newest first
            models.Index(
                fields=["schedule_id", "-id"], name="task_of_schedule", condition=Q(schedule_id__isnull=False)
            ),
            # the lists by status, and the clean-up of those that completed long ago
            models.Index(fields=["status", "finished_at"], name="task_by_status"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class TaskStep(models.Model):
    """One executed step. `state` is the state after it; when it failed, the state before it, and `error` says why."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=StepStatus.choices)
    state = models.JSONField(default=dict)
    error = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField()

    class Meta:
        ordering = ("task", "id")
        constraints = [
            models.UniqueConstraint(fields=["task", "position", "attempt"], name="task_step_once_per_attempt"),
            models.UniqueConstraint(
                fields=["task", "position"], condition=Q(status__in=PASSED), name="task_step_passes_once"
            ),
            models.CheckConstraint(condition=Q(completed_at__gte=F("started_at")), name="task_step_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"
