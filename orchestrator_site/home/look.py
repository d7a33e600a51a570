"""One look at everything by one user: what several parts of a page need is read once, as of one moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from orchestrator_site.common.clock import database_now
from schedules.forecasts import Forecast, forecast
from tasks.models import Task
from tasks.overview import list_failures, list_running

DAY = timedelta(days=1)
MAX_FAILURES = 50
MAX_RUNNING = 100

VIEW_SCHEDULES, VIEW_FIRINGS = "schedules.view_schedule", "schedules.view_firing"
VIEW_SCHEDULERS, VIEW_WORKERS = "schedules.view_schedulerprocess", "tasks.view_workerprocess"
VIEW_TASKS, RESUME_TASKS = "tasks.view_task", "tasks.resume_task"
VIEW_FREEZES, FREEZE = "tasks.view_enginefreeze", "tasks.freeze_engine"


class Look:
    """What a user may see, and what is read for several parts."""

    def __init__(self, request: HttpRequest) -> None:
        self._user: Any = request.user
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

    @cached_property
    def failures(self) -> Sequence[Task]:
        """The tasks that failed within a day, the latest first."""
        return list_failures(since=self.yesterday, limit=MAX_FAILURES)

    @cached_property
    def running(self) -> Sequence[Task]:
        """The tasks that run, those first whose step has been running for longest."""
        return list_running(limit=MAX_RUNNING)
