"""Rows of every kind for a site that runs, so that pages are looked at with something on them.

The site's database is another one than that of the tests: `make_rows` is called in a process of its own.
"""

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from knox.models import AuthToken

from schedules.models import FiringOutcome, SchedulerProcess, ScheduleState
from tasks.freezing import freeze_engine
from tasks.models import EngineFreeze, TaskStatus, WorkerProcess
from tasks.services import start_task
from tests.integration.admin.test_firing_and_workflow_pages import make_firing
from tests.support.factories import (
    NOW,
    make_callback,
    make_complete_product,
    make_paused_schedule,
    make_schedule,
    make_subscription,
    make_task,
    make_task_step,
    make_workflow,
)
from workflows.models import Workflow

# Nothing that is due then happens while the tests run.
FAR = NOW + timedelta(days=36_500)


def make_rows() -> None:
    """Store rows of each model, in each state that a page shows differently."""
    make_access()
    make_jobs()
    ended = {"ended_at": NOW, "ended_by": "ada", "in_force": None}
    EngineFreeze.objects.create(started_at=NOW, started_by="ada", reason="Upgrade of the network", **ended)
    product = make_complete_product("Port")
    make_subscription(product)
    make_subscription(product, out_of_sync_reason="The port is down")
    workflow = Workflow.objects.get(name="task_clean_up_tasks")
    make_tasks(workflow)
    make_schedules(workflow)


def make_rows_at_rest() -> None:
    """Store rows of each kind that has pages, in each state; none is taken on, so no code is needed for them."""
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


def make_access() -> None:
    robot = User.objects.create(username="robot", email="robot@example.org")
    robot.groups.add(Group.objects.create(name="Operators"))
    AuthToken.objects.create(robot)


def make_jobs() -> None:
    job = DjangoJob.objects.create(id="sweep", next_run_time=NOW, job_state=b"")
    DjangoJobExecution.objects.create(job=job, status=DjangoJobExecution.SUCCESS, run_time=NOW, duration=1)
    failure = {"exception": "OSError", "traceback": "Traceback …"}
    DjangoJobExecution.objects.create(job=job, status=DjangoJobExecution.ERROR, run_time=FAR, **failure)


def make_tasks(workflow: Workflow) -> None:
    """Store a task in each state; the worker takes two on to a step that fails and to one that asks."""
    for name, inputs in (("through", {"gate": "nowhere"}), ("repaint", {"colour": "red", "coats": 2})):
        found = Workflow.objects.get(name__startswith=f"task_{name}")
        start_task(workflow=found, inputs=inputs, actor="ada")
    make_resting_tasks(workflow)


def make_resting_tasks(workflow: Workflow) -> None:
    """Store a task in each state in which no worker touches it."""
    for status in (TaskStatus.COMPLETED, TaskStatus.ABORTED):
        make_task_step(make_task(workflow, status=status, position=1))
    running = make_task(workflow, status=TaskStatus.RUNNING, lease_expires_at=FAR, position=1)
    make_task_step(running, state={"found": 3})
    make_task(workflow, status=TaskStatus.WAITING, available_at=FAR)
    make_callback(make_task(workflow, status=TaskStatus.AWAITING_CALLBACK))


def make_schedules(workflow: Workflow) -> None:
    """Store a schedule in each state, and a firing with each outcome."""
    nightly = make_schedule(workflow, name="Nightly", next_run_at=FAR, timezone="Europe/London")
    for number, outcome in enumerate(FiringOutcome):
        reason = "" if outcome == FiringOutcome.STARTED else "It is as it is"
        moment = NOW + timedelta(minutes=number)
        make_firing(nightly, outcome=outcome, reason=reason, scheduled_for=moment)
    make_paused_schedule(workflow, name="Paused")
    make_schedule(workflow, name="Finished", next_run_at=None)
    make_schedule(
        workflow,
        name="Broken",
        trigger="cron",
        trigger_kwargs={"minute": "99"},
        next_run_at=None,
        state=ScheduleState.BROKEN,
        state_reason="minute: 99 is not in 0 to 59",
    )
