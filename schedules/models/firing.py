"""The ledger of firings."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.fields import NameField
from orchestrator_site.common.ids import new_id


class FiringCause(models.TextChoices):
    """Why an instant was decided."""

    SCHEDULE = "schedule"
    CATCHUP = "catchup"
    BACKFILL = "backfill"
    MANUAL = "manual"


class FiringOutcome(models.TextChoices):
    """What became of an instant."""

    STARTED = "started"
    QUEUED = "queued"
    COALESCED = "coalesced"
    MISSED = "missed"
    SKIPPED_OVERLAP = "skipped_overlap"
    SKIPPED_PAUSED = "skipped_paused"
    SKIPPED_FROZEN = "skipped_frozen"
    SKIPPED_PREDICATE = "skipped_predicate"
    INVALID_INPUTS = "invalid_inputs"
    ERROR = "error"


# Most rows are the others, which every list of them finds at once.
UNUSUAL_OUTCOME = ~Q(outcome=FiringOutcome.STARTED)
UNUSUAL_CAUSE = ~Q(cause=FiringCause.SCHEDULE)


class Firing(models.Model):
    """The ledger row of one planned instant, or of a run of more than a hundred that were decided alike.

    It names its schedule and its task as data, without constraints: it outlives both. `scheduled_for` is the instant of
    the trigger, `due_at` when it was to run: later by the spread of its schedule. `lateness_ms` counts from `due_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schedule_id = models.UUIDField()
    schedule_name = NameField(max_length=255)
    scheduled_for = models.DateTimeField()
    last_scheduled_for = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    count = models.PositiveIntegerField(_("count"), null=True, default=1)
    decided_at = models.DateTimeField()
    lateness_ms = models.BigIntegerField()
    cause = models.CharField(max_length=20, choices=FiringCause.choices, default=FiringCause.SCHEDULE)
    outcome = models.CharField(max_length=20, choices=FiringOutcome.choices)
    reason = models.TextField(_("reason"), blank=True, default="")
    task_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("firing")
        verbose_name_plural = _("firings")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "scheduled_for"],
                condition=Q(cause__in=[FiringCause.SCHEDULE, FiringCause.CATCHUP]),
                name="firing_is_one_per_planned_instant",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("scheduled_for")), name="firing_is_due_when_planned_or_later"
            ),
        ]
        indexes = [
            # the history of a schedule, newest first
            models.Index(fields=["schedule_id", "-id"], name="firing_of_schedule"),
            # what was decided in a range of time, and what is older than it is kept
            models.Index(fields=["decided_at", "id"], name="firing_by_decision"),
            # what was planned in a range of time; rows that stand for many may have begun before it
            models.Index(fields=["scheduled_for", "id"], name="firing_by_plan"),
            models.Index(
                fields=["scheduled_for", "id"], condition=Q(last_scheduled_for__isnull=False), name="firing_of_many"
            ),
            # what a task came from
            models.Index(fields=["task_id"], condition=Q(task_id__isnull=False), name="firing_of_task"),
            # what is out of the ordinary; a turn in which all goes well writes to neither of them
            models.Index(fields=["outcome", "id"], condition=UNUSUAL_OUTCOME, name="firing_unusual_outcome"),
            models.Index(fields=["cause", "id"], condition=UNUSUAL_CAUSE, name="firing_unusual_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_name}, {self.scheduled_for:%Y-%m-%d %H:%M:%S%z}: {self.outcome}"
