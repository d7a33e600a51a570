"""One look at everything by one user: what several parts of a page need is read once, as of one moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from orchestrator_site.common.clock import database_now
from schedules.forecasts import Forecast, forecast
from schedules.models import Firing
from schedules.overview import list_not_run
from tasks.freezing import current_freeze
from tasks.models import EngineFreeze, Task
from tasks.overview import list_failures, list_running

DAY = timedelta(days=1)
MAX_FAILURES = 50
MAX_RUNNING = 100
MAX_NOT_RUN = 1_000

VIEW_SCHEDULES, VIEW_FIRINGS = "schedules.view_schedule", "schedules.view_firing"
VIEW_SCHEDULERS, VIEW_WORKERS = "schedules.view_schedulerprocess", "tasks.view_workerprocess"
VIEW_TASKS, RESUME_TASKS = "tasks.view_task", "tasks.resume_task"
VIEW_FREEZES, FREEZE = "tasks.view_enginefreeze", "tasks.freeze_engine"


class Look:
    """What a user may see, and what is read for several parts.

    Args:
        request: Whose it is.
        most_not_run: How many instants that did not run are read.
    """

    def __init__(self, request: HttpRequest, *, most_not_run: int) -> None:
        self._user: Any = request.user
        self._most_not_run = most_not_run
        self.now: datetime = database_now()

    def may(self, *permissions: str) -> bool:
        """Tell whether the user has one of the permissions."""
        return any(self._user.has_perm(permission) for permission in permissions)

    @property
    def sees_anything(self) -> bool:
        """Whether there is any part for this user."""
        return self.may(VIEW_SCHEDULES, VIEW_FIRINGS, VIEW_TASKS, VIEW_SCHEDULERS, VIEW_WORKERS)

    @property
    def yesterday(self) -> datetime:
        """A day ago."""
        return self.now - DAY

    @cached_property
    def forecast(self) -> Forecast:
        """What is planned in the day to come."""
        return forecast(now=self.now)

    @property
    def freeze(self) -> EngineFreeze | None:
        """The freeze that is in force, about which a forecast tells as well."""
        return self.forecast.freeze if self.may(VIEW_SCHEDULES) else current_freeze(now=self.now)

    @cached_property
    def failures(self) -> Sequence[Task]:
        """The tasks that failed within a day, the latest first."""
        return list_failures(since=self.yesterday, limit=MAX_FAILURES)

    @cached_property
    def not_run(self) -> Sequence[Firing]:
        """The instants that were decided within a day and did not run, what was decided last first."""
        return list_not_run(since=self.yesterday, limit=self._most_not_run)

    def has_all_not_run(self, *, since: datetime) -> bool:
        """Tell whether none is missing of those that were decided since a moment."""
        return len(self.not_run) < self._most_not_run or self.not_run[-1].decided_at < since

    @cached_property
    def running(self) -> Sequence[Task]:
        """The tasks that run, those first whose step has been running for longest."""
        return list_running(limit=MAX_RUNNING)
