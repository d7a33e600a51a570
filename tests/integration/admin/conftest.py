from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from schedules.models import SchedulerProcess
from tasks.freezing import freeze_engine
from tasks.models import TaskStatus, WorkerProcess
from tests.support.admin_rows import make_access, make_jobs, make_resting_tasks, make_schedules
from tests.support.factories import NOW, make_subscription, make_task, make_task_step, make_workflow

Login = Callable[..., Client]


@pytest.fixture
def login(db: None) -> Login:
    """Return what gives a browser of a new user of the admin, with some permissions."""

    def log_in(*permissions: str) -> Client:
        user = User.objects.create_user("operator", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def root(db: None) -> Client:
    """Return the browser of somebody who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def rows(db: None) -> None:
    """Store rows of each kind that has pages, in each state that a page shows differently."""
    workflow = make_workflow(name="task_nightly")
    make_access()
    make_jobs()
    make_schedules(workflow)
    make_resting_tasks(workflow)
    make_task_step(make_task(workflow, status=TaskStatus.FAILED, failed_reason=""))
    make_task(workflow, status=TaskStatus.SUSPENDED)
    make_subscription()
    freeze_engine(reason="x", actor="root")
    WorkerProcess.objects.create(id="w", host="h", pid=1, started_at=NOW, last_seen_at=NOW)
    SchedulerProcess.objects.create(id="s", host="h", pid=1, started_at=NOW, last_seen_at=NOW, last_tick_at=NOW)
