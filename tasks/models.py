"""Task and TaskStep: one run of a workflow, and what its steps gave."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

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


# On the queue: a worker takes them as soon as it can.
CLAIMABLE = (TaskStatus.CREATED, TaskStatus.RESUMED)
# A worker takes these as well, when their time has come: to try again, or because nobody called back.
TIMED = (TaskStatus.WAITING, TaskStatus.AWAITING_CALLBACK)
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
    that whoever takes over begins there. It counts in the step list of which `steps_version` is the fingerprint, the
    one that ran the latest step; `revision` counts how often somebody mapped the task onto another list. `answers` are
    those to the form of the step at which it stands. `available_at` is from when on a worker may take it; not before
    older tasks of its `concurrency_key` have ended, unless it `may_overlap`, nor while the engine is frozen, unless it
    `may_run_frozen`.
    The schedule is named as data: a task outlives it.
    """

    id = models.UUIDField(_("id"), primary_key=True, default=new_id, editable=False)
    # No index of its own: `task_of_workflow` begins with it.
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    status = models.CharField(max_length=20, choices=TaskStatus.choices, default=TaskStatus.CREATED)
    inputs = models.JSONField(default=dict, blank=True)
    reporter = models.CharField(_("reporter"), max_length=150)
    version = models.PositiveIntegerField(default=1)

    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    position = models.PositiveIntegerField(default=0)
    steps_version = models.CharField(max_length=64, blank=True, default="")
    revision = models.PositiveIntegerField(default=0)
    answers = models.JSONField(null=True, blank=True)
    step_started_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(_("worker"), max_length=255, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    abort_requested_at = models.DateTimeField(null=True, blank=True)

    schedule_id = models.UUIDField(null=True, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    concurrency_key = models.UUIDField(null=True, blank=True)
    may_overlap = models.BooleanField(default=False)
    may_run_frozen = models.BooleanField(default=False)

    created_at = models.DateTimeField()
    available_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_reason = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
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
                | Q(status__in=TIMED)
                | (~Q(status__in=CLAIMABLE) & Q(available_at__isnull=True)),
                name="task_is_available_while_it_is_queued",
            ),
            models.CheckConstraint(condition=Q(status__in=TaskStatus.values), name="task_status_is_known"),
        ]
        # Partial indexes say IS NOT NULL, mostly: SQLite cannot prove another condition from a query's parameters.
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
            # the tasks of a workflow, and those that ended last
            models.Index(fields=["workflow", "finished_at"], name="task_of_workflow"),
            # the last success of a workflow; the statement that asks has the status written out, not as a parameter
            models.Index(
                fields=["workflow", "started_at"],
                name="task_last_success",
                condition=Q(status=TaskStatus.COMPLETED),
            ),
            # the lists by status, and the clean-up of those that completed long ago
            models.Index(fields=["status", "finished_at"], name="task_by_status"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def retry_at(self) -> datetime | None:
        """When the step at which it waits is tried again."""
        return self.available_at if self.status == TaskStatus.WAITING else None


class TaskStep(models.Model):
    """One executed step. `state` is the state after it; when it failed, the state before it, and `error` says why."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps")
    revision = models.PositiveIntegerField(default=0)
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
            models.UniqueConstraint(
                fields=["task", "revision", "position", "attempt"], name="task_step_once_per_attempt"
            ),
            models.UniqueConstraint(
                fields=["task", "revision", "position"], condition=Q(status__in=PASSED), name="task_step_passes_once"
            ),
            models.CheckConstraint(condition=Q(completed_at__gte=F("started_at")), name="task_step_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"


class TaskCallback(models.Model):
    """What a task waits for from another system; the path that it was given holds a token, of which this has the hash.

    One answer counts: `answered_at` says that it came, and `result` what it was. `progress` is what came before it.
    """

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="callbacks")
    revision = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    progress = models.JSONField(null=True, blank=True)
    progressed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("task", "id")
        constraints = [
            # a new one for the same step takes the place of the one before: its token is worth nothing any more
            models.UniqueConstraint(fields=["task", "revision", "position"], name="task_callback_is_one_per_step"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=False) | Q(result__isnull=True),
                name="task_callback_has_a_result_when_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"callback of task {self.task_id}, step {self.position + 1}"


class StepsVersion(models.Model):
    """A step list that some task has run by, by the fingerprint of its entries."""

    id = models.CharField(primary_key=True, max_length=64)
    workflow_name = models.CharField(max_length=255)
    entries = models.JSONField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.id}"


class WorkerProcess(models.Model):
    """A worker that runs or has run: when it was last seen, and the versions of the step lists that it knows."""

    id = models.CharField(_("id"), primary_key=True, max_length=255)
    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process"))
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    versions = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.id


class EngineFreeze(models.Model):
    """A time in which nothing new starts and no task goes on; the one without an end is in force."""

    started_at = models.DateTimeField()
    started_by = models.CharField(_("frozen by"), max_length=150)
    reason = models.TextField()
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)
    ended_by = models.CharField(max_length=150, blank=True, default="")

    # True for the one that is in force, null for all that were: so the database holds that there is only one.
    in_force = models.BooleanField(null=True, default=True, unique=True)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        permissions = [("freeze_engine", "Can freeze and unfreeze the engine")]
        constraints = [
            models.CheckConstraint(
                condition=Q(in_force=True, ended_at__isnull=True) | Q(in_force__isnull=True, ended_at__isnull=False),
                name="freeze_is_in_force_until_it_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"frozen since {self.started_at:%Y-%m-%d %H:%M:%S%z} by {self.started_by}"
