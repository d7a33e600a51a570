"""What schedulers know in common: which there are, when any was alive, and what they keep for everybody."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


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


class ZoneData(models.Model):
    """One row: the version of the time-zone data that next run times were computed with."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.CharField(max_length=20)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"time-zone data {self.version}"


class ZoneDataChange(models.Model):
    """One change of the time-zone data: how many next runs it moved, and the first of them by name.

    Schedulers that move them side by side, or one after the other because the first was stopped, add to one row; it is
    `finished_at` when all next runs are those of the new data. `moves` holds id, name, and both moments in ISO 8601.
    """

    from_version = models.CharField(max_length=20)
    to_version = models.CharField(max_length=20)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    moved_schedules = models.PositiveIntegerField(default=0)
    moved_functions = models.PositiveIntegerField(default=0)
    moves = models.JSONField(default=list)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["from_version", "to_version"],
                condition=models.Q(finished_at__isnull=True),
                name="zone_data_changes_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"time-zone data {self.from_version} to {self.to_version}"


class SchedulerProcess(models.Model):
    """A scheduler that runs or has run: when it was last seen, and when its loop last looked for what is due.

    Its heartbeat writes the row. `last_tick_at` is its start until the loop has looked; `firings_per_minute` are those
    of the minute before it was last seen.
    """

    id = models.CharField(_("id"), primary_key=True, max_length=255)
    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process"))
    version = models.CharField(_("version"), max_length=50)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    last_tick_at = models.DateTimeField()
    firings_per_minute = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("scheduler")
        verbose_name_plural = _("schedulers")

    def __str__(self) -> str:
        return self.id


class PlannedLoad(models.Model):
    """One row: how many instants are planned in each minute from `starts_at` on, as of a moment.

    `as_of` is null as long as nothing has been counted. `stored_schedules` and `as_of` tell whether schedules have
    changed since. A scheduler that counts has the row to itself until `claimed_until`, which is also how it is told
    from another one that has taken over.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    as_of = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=list)
    stored_schedules = models.PositiveIntegerField(default=0)
    counted_schedules = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"planned load as of {self.as_of:%Y-%m-%d %H:%M:%S%z}" if self.as_of else "planned load, not counted yet"

    @property
    def covers_until(self) -> datetime | None:
        """The end of the last minute that was counted."""
        return None if self.starts_at is None else self.starts_at + timedelta(minutes=len(self.counts))
