"""When the story of the demo happens, seen from the moment at which it is loaded. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from schedules.policies import Outage

HISTORY = timedelta(hours=26)
# What is younger than this may still be going on.
SETTLED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Moments:
    """The moments of the story, for those who know when `now` is."""

    now: datetime

    @classmethod
    def of(cls, *, begin: datetime) -> Self:
        """Return the moments of a story that began then."""
        return cls(begin + HISTORY)

    def hours_ago(self, hours: int, minutes: int = 0) -> datetime:
        """Return a moment by a full hour before this one's, and so many minutes after that."""
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        return hour - timedelta(hours=hours) + timedelta(minutes=minutes)

    @property
    def begin(self) -> datetime:
        """When everything begins: the schedules were made then."""
        return self.now - HISTORY

    @property
    def line_ordered(self) -> datetime:
        """When somebody started to move a line of another carrier."""
        return self.hours_ago(22, 5)

    @property
    def line_approved(self) -> datetime:
        """When somebody approved that, so that the carrier got its order."""
        return self.hours_ago(21, 12)

    @property
    def utrecht_moves(self) -> datetime:
        """When the line of Utrecht was to be moved."""
        return self.hours_ago(20, 30)

    @property
    def edge_paused(self) -> datetime:
        """When the counters of the edge were paused for a while."""
        return self.hours_ago(17, 20)

    @property
    def edge_resumed(self) -> datetime:
        """When that was over by itself."""
        return self.hours_ago(15, 20)

    @property
    def outage(self) -> Outage:
        """While no scheduler was alive: around a full hour."""
        return Outage(started_at=self.hours_ago(13, -3), ended_at=self.hours_ago(13, 11))

    @property
    def backup_began(self) -> datetime:
        """When the backup that is going on now began."""
        return self.now.replace(second=0, microsecond=0)

    @property
    def first_backup(self) -> datetime:
        """When the first one of all began."""
        return self.backup_began - timedelta(days=1)

    @property
    def archive_full(self) -> datetime:
        """When a backup met a full archive."""
        return self.backup_began - timedelta(hours=12)

    @property
    def sync_slow(self) -> datetime:
        """When a sync began that took longer than the time until the next one."""
        return self.hours_ago(9, 15)

    @property
    def audit_paused(self) -> datetime:
        """When the audit was paused."""
        return self.hours_ago(6, 40)

    @property
    def audit_resumes(self) -> datetime:
        """When the audit goes on by itself."""
        return self.hours_ago(-20)

    @property
    def counters_checked(self) -> datetime:
        """When somebody polled all counters by hand."""
        return self.hours_ago(5, 37)

    @property
    def groningen_moves(self) -> datetime:
        """When the line of Groningen is to be moved."""
        return self.hours_ago(-3)
