"""Schedule, its link to a Workflow, the ledger of firings, and when schedulers were alive."""

from django.db import models
from django.db.models import F, Q

from orchestrator_site.common.fields import NameField
from orchestrator_site.common.ids import new_id
from schedules.triggers import Trigger, build_trigger
from workflows.models import Workflow


class ScheduleState(models.TextChoices):
    """Whether a schedule fires."""

    ACTIVE = "active"
    FINISHED = "finished"
    BROKEN = "broken"


class MisfirePolicy(models.TextChoices):
    """What becomes of the instants that passed while no scheduler was alive."""

    RUN_ONCE = "run_once"


class OverlapPolicy(models.TextChoices):
    """What becomes of an instant at which the task before it has not ended."""

    SKIP = "skip"


class Schedule(models.Model):
    """A rule for when a workflow runs. Nothing but `schedules.services` and the turn writes it.

    `planned_through` is the watermark: every instant up to and including it has been decided. `grid_start_at` is when
    the trigger was set; an interval without a start_date counts from there. `trigger_text` is the trigger in full, as
    people read it, so that lists can be searched and sorted by it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = NameField(max_length=255)
    trigger = models.CharField(max_length=20)
    trigger_kwargs = models.JSONField(default=dict)
    trigger_text = models.TextField()
    timezone = models.CharField(max_length=64)
    inputs = models.JSONField(default=dict, blank=True)
    misfire_policy = models.CharField(max_length=20, choices=MisfirePolicy.choices, default=MisfirePolicy.RUN_ONCE)
    misfire_window_seconds = models.PositiveIntegerField(default=86_400)
    overlap_policy = models.CharField(max_length=20, choices=OverlapPolicy.choices, default=OverlapPolicy.SKIP)

    state = models.CharField(max_length=20, choices=ScheduleState.choices, default=ScheduleState.ACTIVE)
    state_reason = models.TextField(blank=True, default="")
    state_since = models.DateTimeField()
    next_run_at = models.DateTimeField(null=True, blank=True)
    planned_through = models.DateTimeField()
    grid_start_at = models.DateTimeField()

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("name", "id")
        permissions = [
            ("run_schedule", "Can run a schedule now"),
            ("pause_schedule", "Can pause and resume a schedule"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ScheduleState.ACTIVE, next_run_at__isnull=False)
                | (~Q(state=ScheduleState.ACTIVE) & Q(next_run_at__isnull=True)),
                name="schedule_has_a_next_run_while_active",
            ),
            models.CheckConstraint(
                condition=Q(next_run_at__isnull=True) | Q(next_run_at__gt=F("planned_through")),
                name="schedule_next_run_is_not_decided_yet",
            ),
        ]
        indexes = [
            # what is due, when to look again, and the list by next run, in which those without one are the last
            models.Index(fields=["next_run_at", "id"], name="schedule_due"),
            # the list, by name
            models.Index(fields=["name", "id"], name="schedule_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def workflow(self) -> Workflow:
        """The workflow that it runs."""
        return self.link.workflow

    @property
    def trigger_rule(self) -> Trigger:
        """Its trigger, built; raises TriggerError when what is stored cannot be."""
        # The shortest interval is a rule for what may be saved; lowering it later breaks nothing that is stored.
        return build_trigger(
            self.trigger,
            self.trigger_kwargs,
            timezone=self.timezone,
            grid_start=self.grid_start_at,
            shortest_seconds=0,
        )


class ScheduleWorkflow(models.Model):
    """The link table: which workflow a schedule runs. A schedule without a row here cannot fire."""

    schedule = models.OneToOneField(Schedule, on_delete=models.CASCADE, primary_key=True, related_name="link")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="schedule_links")

    def __str__(self) -> str:
        return f"{self.schedule} → {self.workflow}"


class FiringCause(models.TextChoices):
    """Why an instant was decided."""

    SCHEDULE = "schedule"
    CATCHUP = "catchup"
    MANUAL = "manual"


class FiringOutcome(models.TextChoices):
    """What became of an instant."""

    STARTED = "started"
    QUEUED = "queued"
    COALESCED = "coalesced"
    MISSED = "missed"
    SKIPPED_OVERLAP = "skipped_overlap"
    ERROR = "error"


class Firing(models.Model):
    """The ledger row of one planned instant, or of a run of more than a hundred that were decided alike.

    It names its schedule and its task as data, without constraints: it outlives both.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schedule_id = models.UUIDField()
    schedule_name = NameField(max_length=255)
    scheduled_for = models.DateTimeField()
    last_scheduled_for = models.DateTimeField(null=True, blank=True)
    count = models.PositiveIntegerField(null=True, default=1)
    decided_at = models.DateTimeField()
    lateness_ms = models.BigIntegerField()
    cause = models.CharField(max_length=20, choices=FiringCause.choices, default=FiringCause.SCHEDULE)
    outcome = models.CharField(max_length=20, choices=FiringOutcome.choices)
    reason = models.TextField(blank=True, default="")
    task_id = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "scheduled_for"],
                condition=Q(cause__in=[FiringCause.SCHEDULE, FiringCause.CATCHUP]),
                name="firing_is_one_per_planned_instant",
            ),
        ]
        indexes = [
            # the history of a schedule, newest first
            models.Index(fields=["schedule_id", "-id"], name="firing_of_schedule"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_name} at {self.scheduled_for:%Y-%m-%d %H:%M:%S%z}: {self.outcome}"


class SchedulerPulse(models.Model):
    """One row: when a scheduler was last seen alive."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_tick_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"last tick {self.last_tick_at:%Y-%m-%d %H:%M:%S%z}"


class SchedulerOutage(models.Model):
    """A stretch in which no scheduler was alive: planned instants inside of it are misfires, all others are not."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S%z} to {self.ended_at:%Y-%m-%d %H:%M:%S%z}"
