"""Schedule, what it may be told to do, and its link to a Workflow."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.fields import NameField, ReadableJSONField
from orchestrator_site.common.ids import new_id
from schedules.triggers import MAX_SPREAD_SECONDS, Trigger, TriggerError, build_trigger, spread_offset
from schedules.triggers.summary import summarise
from workflows.models import Workflow

# So many missed instants are run one after the other at most, and so many failures may be waited for.
MAX_CATCHUP_RUNS = 1_000
MAX_FAILURES = 100


class ScheduleState(models.TextChoices):
    """Whether a schedule fires."""

    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    BROKEN = "broken"


class MisfirePolicy(models.TextChoices):
    """What becomes of the instants that passed while no scheduler was alive."""

    RUN_ONCE = "run_once"
    SKIP = "skip"
    RUN_ALL = "run_all"


class OverlapPolicy(models.TextChoices):
    """What becomes of an instant at which the task before it has not ended."""

    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    QUEUE_ALL = "queue_all"
    ALLOW = "allow"
    CANCEL_RUNNING = "cancel_running"


class ConcurrencyKey(models.TextChoices):
    """Whose tasks count as the ones before: those of the schedule, or those of all such schedules of its workflow."""

    SCHEDULE = "schedule"
    WORKFLOW = "workflow"


class ResumePolicy(models.TextChoices):
    """What becomes, at release, of the instants that passed while the schedule was paused or the engine frozen."""

    SKIP = "skip"
    RUN_ONCE = "run_once"


class DstGap(models.TextChoices):
    """What becomes of a fixed time of day that the clocks jump over."""

    RUN_AFTER = "run_after"
    SKIP = "skip"


class DstFold(models.TextChoices):
    """Which one counts of a fixed time of day that the clocks show twice."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


class MissingDay(models.TextChoices):
    """What becomes of a day of the month in a month that has no such day."""

    SKIP = "skip"
    LAST_DAY = "last_day"


class Schedule(models.Model):
    """A rule for when a workflow runs. Nothing but `schedules.services` and the turn writes it.

    `planned_through` is the watermark: every instant up to and including it has been decided. It is nominal, an instant
    of the trigger, while `next_run_at` is when the schedule really runs: the next instant and its spread.
    A paused schedule that has an end of its pause keeps the state until a turn settles what the pause skipped, which is
    when it runs next; `current_state` is what people see, active from that end on.
    `grid_start_at` is when the trigger was set; an interval without a start_date counts from there. `trigger_text` is
    the trigger in full, as people read it, so that lists can be searched and sorted by it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = NameField(max_length=255)
    trigger = models.CharField(max_length=20)
    trigger_kwargs = ReadableJSONField(default=dict)
    trigger_text = models.TextField()
    timezone = models.CharField(max_length=64)
    dst_gap = models.CharField(max_length=20, choices=DstGap.choices, default=DstGap.RUN_AFTER)
    dst_fold = models.CharField(max_length=20, choices=DstFold.choices, default=DstFold.FIRST)
    on_missing_day = models.CharField(max_length=20, choices=MissingDay.choices, default=MissingDay.SKIP)
    spread_seconds = models.PositiveIntegerField(default=0)
    inputs = models.JSONField(default=dict, blank=True)
    misfire_policy = models.CharField(max_length=20, choices=MisfirePolicy.choices, default=MisfirePolicy.RUN_ONCE)
    misfire_window_seconds = models.PositiveIntegerField(null=True, blank=True, default=86_400)
    max_catchup_runs = models.PositiveIntegerField(default=10)
    overlap_policy = models.CharField(max_length=20, choices=OverlapPolicy.choices, default=OverlapPolicy.SKIP)
    concurrency_key = models.CharField(max_length=20, choices=ConcurrencyKey.choices, default=ConcurrencyKey.SCHEDULE)
    resume_policy = models.CharField(max_length=20, choices=ResumePolicy.choices, default=ResumePolicy.SKIP)
    pause_after_failures = models.PositiveIntegerField(null=True, blank=True)

    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150, blank=True, default="")
    pause_reason = models.TextField(blank=True, default="")
    paused_until = models.DateTimeField(null=True, blank=True)

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
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ("name", "id")
        permissions = [
            ("run_schedule", "Can run a schedule now"),
            ("pause_schedule", "Can pause and resume a schedule"),
            ("run_while_frozen", "Can run a schedule while the engine is frozen"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ScheduleState.ACTIVE, next_run_at__isnull=False)
                | Q(state=ScheduleState.PAUSED, paused_until__isnull=True, next_run_at__isnull=True)
                | Q(state=ScheduleState.PAUSED, paused_until__isnull=False, next_run_at__isnull=False)
                | Q(state__in=[ScheduleState.FINISHED, ScheduleState.BROKEN], next_run_at__isnull=True),
                name="schedule_has_a_next_run_while_it_is_to_run",
            ),
            models.CheckConstraint(
                condition=Q(state=ScheduleState.PAUSED, paused_at__isnull=False)
                | (~Q(state=ScheduleState.PAUSED) & Q(paused_at__isnull=True, paused_until__isnull=True)),
                name="schedule_says_since_when_it_is_paused",
            ),
            models.CheckConstraint(
                condition=Q(next_run_at__isnull=True) | Q(next_run_at__gt=F("planned_through")),
                name="schedule_next_run_is_not_decided_yet",
            ),
            models.CheckConstraint(condition=Q(dst_gap__in=DstGap.values), name="schedule_dst_gap_is_known"),
            models.CheckConstraint(condition=Q(dst_fold__in=DstFold.values), name="schedule_dst_fold_is_known"),
            models.CheckConstraint(
                condition=Q(on_missing_day__in=MissingDay.values), name="schedule_on_missing_day_is_known"
            ),
            models.CheckConstraint(
                condition=Q(misfire_policy__in=MisfirePolicy.values), name="schedule_misfire_policy_is_known"
            ),
            models.CheckConstraint(
                condition=Q(overlap_policy__in=OverlapPolicy.values), name="schedule_overlap_policy_is_known"
            ),
            models.CheckConstraint(
                condition=Q(concurrency_key__in=ConcurrencyKey.values), name="schedule_concurrency_key_is_known"
            ),
            models.CheckConstraint(
                condition=Q(resume_policy__in=ResumePolicy.values), name="schedule_resume_policy_is_known"
            ),
            models.CheckConstraint(
                condition=Q(max_catchup_runs__gte=1, max_catchup_runs__lte=MAX_CATCHUP_RUNS),
                name="schedule_catches_up_some_and_not_too_many",
            ),
            models.CheckConstraint(
                condition=Q(pause_after_failures__isnull=True)
                | Q(pause_after_failures__gte=1, pause_after_failures__lte=MAX_FAILURES),
                name="schedule_pauses_after_some_failures_or_none",
            ),
            models.CheckConstraint(
                condition=Q(spread_seconds__lte=MAX_SPREAD_SECONDS), name="schedule_spread_is_a_day_at_most"
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
            dst_gap=self.dst_gap,
            dst_fold=self.dst_fold,
            on_missing_day=self.on_missing_day,
        )

    @property
    def summary(self) -> str:
        """Its trigger in plain words; as it was stored, if it cannot be built any more."""
        try:
            _ = self.trigger_rule
        except TriggerError:
            return self.trigger_text
        return summarise(
            self.trigger,
            self.trigger_kwargs,
            timezone=self.timezone,
            on_missing_day=self.on_missing_day,
            grid_start=self.grid_start_at,
        )

    @property
    def current_state(self) -> str:
        """Its state as people see it: active once the end of its pause has passed, by the clock of this machine."""
        is_released = self.paused_until is not None and self.paused_until <= datetime.now(UTC)
        return ScheduleState.ACTIVE if self.state == ScheduleState.PAUSED and is_released else self.state

    @property
    def task_key(self) -> UUID:
        """The concurrency key of its tasks."""
        return self.workflow.pk if self.concurrency_key == ConcurrencyKey.WORKFLOW else self.pk

    @property
    def spread_offset(self) -> timedelta:
        """How much later than planned it always runs."""
        return spread_offset(self.pk, self.spread_seconds) if self.spread_seconds else timedelta(0)


class ScheduleWorkflow(models.Model):
    """The link table: which workflow a schedule runs. A schedule without a row here cannot fire."""

    schedule = models.OneToOneField(Schedule, on_delete=models.CASCADE, primary_key=True, related_name="link")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="schedule_links")

    def __str__(self) -> str:
        return f"{self.schedule} → {self.workflow}"
