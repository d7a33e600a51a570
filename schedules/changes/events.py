"""Events of the time line of changes, and the time that is asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q


class Kind(StrEnum):
    """What was changed."""

    DEPLOYS = "deploys"
    SCHEDULES = "schedules"
    TASKS = "tasks"
    ENGINE = "engine"
    ACCESS = "access"


class Code(StrEnum):
    """What happened."""

    RELEASE = "release"
    MIGRATIONS = "migrations"
    WORKFLOW_REGISTERED = "workflow_registered"
    WORKFLOW_DELETED = "workflow_deleted"
    ZONE_DATA = "zone_data"
    SCHEDULE_CREATED = "schedule_created"
    SCHEDULE_CHANGED = "schedule_changed"
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class Event:
    """One change.

    Attributes:
        at: When it was.
        code: What happened.
        row: What it is told of: a release, a schedule, an entry of the admin's log; of migrations their names.
        actor: Who did it, if it was somebody.
        is_there: Whether what an entry of the log is about is still there.
    """

    at: datetime
    code: Code
    row: Any
    actor: str = ""
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked for: from `since` on, and before `before`; None for no bound."""

    since: datetime | None = None
    before: datetime | None = None

    def holds(self, column: str) -> Q:
        """Return the condition that a column lies in it."""
        bounds = {f"{column}__gte": self.since, f"{column}__lt": self.before}
        return Q(**{name: moment for name, moment in bounds.items() if moment is not None})

    def __contains__(self, moment: datetime) -> bool:
        is_late_enough = self.since is None or moment >= self.since
        return is_late_enough and (self.before is None or moment < self.before)
