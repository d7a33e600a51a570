"""The schedules that every installation wants, loaded when somebody asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError

from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import InvalidValue
from schedules.models import Schedule
from schedules.services import ScheduleDraft, create_schedule, delete_schedule
from schedules.triggers import TriggerError
from workflows.discovery import import_app_modules
from workflows.selectors import WorkflowMismatch, WorkflowNotFound, get_task_workflow

# Ids are made from the workflow's name, so that loading twice, even at the same moment, finds what is there.
_NAMESPACE = UUID("6f1c3a52-6f0e-4b0a-9d0e-2f3b7d1c8a10")


@dataclass(frozen=True, slots=True)
class InitialSchedule:
    """A schedule to be loaded; a user's own app lists more of them as `INITIAL_SCHEDULES` in its `schedules` module."""

    name: str
    workflow_name: str
    trigger: str
    trigger_kwargs: dict[str, Any]

    @property
    def schedule_id(self) -> UUID:
        """The id that it is always stored under."""
        return uuid5(_NAMESPACE, f"{self.workflow_name}/{self.name}")


INITIAL_SCHEDULES = (
    InitialSchedule("Task Resume Workflows", "task_resume_workflows", "interval", {"hours": 1}),
    InitialSchedule("Task Clean Up Tasks", "task_clean_up_tasks", "interval", {"hours": 6}),
    InitialSchedule("Task Validate Subscriptions", "task_validate_subscriptions", "cron", {"hour": 0, "minute": 10}),
    InitialSchedule("Task Validate Products", "task_validate_products", "cron", {"hour": 2, "minute": 30}),
    InitialSchedule(
        "Task Validate Awaiting Callbacks", "task_validate_awaiting_callbacks", "interval", {"seconds": 30}
    ),
)


class Loaded(StrEnum):
    """What became of one initial schedule; `invalid` is one that an app declares wrongly."""

    CREATED = "created"
    RECREATED = "recreated"
    PRESENT = "present"
    NO_WORKFLOW = "no workflow"
    INVALID = "invalid"


def all_initial_schedules() -> Iterator[InitialSchedule]:
    """Yield ours, then those of the apps in EXTRA_APPS.

    An app whose module fails keeps no other one's from being loaded: what it raised is raised at the end.
    """
    yield from INITIAL_SCHEDULES
    failures: list[BaseException] = []
    for app in settings.EXTRA_APPS:
        try:
            modules = import_app_modules([app], "schedules")
        except (Exception, SystemExit) as error:  # noqa: BLE001  # user code may raise anything; it is raised below
            failures.append(error)
        else:
            yield from (each for module in modules for each in getattr(module, "INITIAL_SCHEDULES", ()))
    if failures:
        raise failures[0]


def load_initial_schedules(*, actor: str, recreate: bool = False) -> Iterator[tuple[InitialSchedule, Loaded, str]]:
    """Create the initial schedules that are not there, each in a transaction of its own, and say what was done.

    Those that are there stay as operators have changed them, unless `recreate` asks for the original. The third value
    says why one is invalid.
    """
    for initial in all_initial_schedules():
        try:
            yield initial, _load(initial, actor=actor, recreate=recreate), ""
        except (TriggerError, WorkflowMismatch, InvalidValue) as error:
            yield initial, Loaded.INVALID, str(error)


def _load(initial: InitialSchedule, *, actor: str, recreate: bool) -> Loaded:
    try:
        workflow = get_task_workflow(name=initial.workflow_name)
    except WorkflowNotFound:
        return Loaded.NO_WORKFLOW
    draft = ScheduleDraft(name=initial.name, trigger=initial.trigger, trigger_kwargs=initial.trigger_kwargs)
    with write_transaction():
        is_present = Schedule.objects.filter(pk=initial.schedule_id).exists()
        if is_present and not recreate:
            return Loaded.PRESENT
        if is_present:
            delete_schedule(schedule_id=initial.schedule_id, actor=actor)
        try:
            create_schedule(draft=draft, workflow=workflow, actor=actor, schedule_id=initial.schedule_id)
        except IntegrityError:  # another process has just loaded it
            return Loaded.PRESENT
    return Loaded.RECREATED if is_present else Loaded.CREATED
