"""The schedules that every installation wants, loaded when somebody asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import structlog
from django.conf import settings
from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import InvalidValue
from schedules.models import Schedule
from schedules.services import ScheduleDraft, create_schedule, delete_schedule
from schedules.triggers import OPTIONS, TriggerError, split_options
from schedules.triggers.summary import summarise
from workflows.discovery import import_app_modules
from workflows.models import Workflow
from workflows.selectors import WorkflowMismatch, WorkflowNotFound, get_task_workflow, list_workflows

log = structlog.get_logger(__name__)

# Ids are made from the workflow's name, so that loading twice, even at the same moment, finds what is there.
_NAMESPACE = UUID("6f1c3a52-6f0e-4b0a-9d0e-2f3b7d1c8a10")


@dataclass(frozen=True, slots=True)
class InitialSchedule:
    """A schedule to be loaded; a user's own app lists more of them as `INITIAL_SCHEDULES` in its `schedules` module.

    `purpose` says to people, in a sentence, what it is good for.
    """

    name: str
    workflow_name: str
    trigger: str
    trigger_kwargs: dict[str, Any]
    purpose: str | Promise = ""

    @property
    def schedule_id(self) -> UUID:
        """The id that it is always stored under."""
        return uuid5(_NAMESPACE, f"{self.workflow_name}/{self.name}")


INITIAL_SCHEDULES = (
    InitialSchedule(
        "Task Resume Workflows",
        "task_resume_workflows",
        "interval",
        {"hours": 1},
        gettext_lazy("Tries tasks again that could not reach a service, and looks after those that are stuck."),
    ),
    InitialSchedule(
        "Task Clean Up Tasks",
        "task_clean_up_tasks",
        "interval",
        {"hours": 6},
        gettext_lazy("Deletes tasks that completed some days ago (TASK_LOG_RETENTION_DAYS); failed ones stay."),
    ),
    InitialSchedule(
        "Task Validate Subscriptions",
        "task_validate_subscriptions",
        "cron",
        {"hour": 0, "minute": 10},
        gettext_lazy("Starts the validation of every active subscription, and marks those out of sync that fail it."),
    ),
    InitialSchedule(
        "Task Validate Products",
        "task_validate_products",
        "cron",
        {"hour": 2, "minute": 30},
        gettext_lazy("Reports workflows without code, row or name, and products that lack a workflow."),
    ),
    InitialSchedule(
        "Task Validate Awaiting Callbacks",
        "task_validate_awaiting_callbacks",
        "interval",
        {"seconds": 30},
        gettext_lazy("Lets tasks go on whose answer from another system has come."),
    ),
)


@dataclass(frozen=True, slots=True)
class InitialDescription:
    """An initial schedule as people read about it before they load it.

    Attributes:
        trigger: In words.
        purpose: What it is good for; empty where neither the schedule nor its workflow says so.
        is_present: Whether it has been loaded.
        problem: Why it cannot be loaded; empty where it can.
    """

    schedule_id: UUID
    name: str
    workflow_name: str
    trigger: str
    purpose: str
    is_present: bool
    problem: str


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


def describe_initial_schedules() -> list[InitialDescription]:
    """Return what there is to load, in its order, with two statements; nothing is written.

    An app whose module fails is logged; those of the others are described.
    """
    initials: list[InitialSchedule] = []
    try:
        initials.extend(all_initial_schedules())  # keeps those that came before it raises
    except (Exception, SystemExit):  # user code may raise anything
        log.exception("initial_schedules_not_read")
    workflows = {row.name: row for row in list_workflows().filter(name__in={each.workflow_name for each in initials})}
    ids = [each.schedule_id for each in initials]
    present = set(Schedule.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [
        _describe(each, workflows.get(each.workflow_name), is_present=each.schedule_id in present) for each in initials
    ]


def _describe(initial: InitialSchedule, workflow: Workflow | None, *, is_present: bool) -> InitialDescription:
    problem = ""
    if workflow is None:
        problem = f"Workflow '{initial.workflow_name}' not found."
    try:
        words = _say_trigger(initial)
    except TriggerError as error:
        words, problem = initial.trigger, problem or str(error)
    return InitialDescription(
        schedule_id=initial.schedule_id,
        name=initial.name,
        workflow_name=initial.workflow_name,
        trigger=words,
        purpose=str(initial.purpose) or (workflow.description if workflow else ""),
        is_present=is_present,
        problem=problem,
    )


def _say_trigger(initial: InitialSchedule) -> str:
    """Return its trigger in words.

    Raises:
        TriggerError: It cannot be built.
    """
    kwargs, options = split_options(initial.trigger_kwargs, dict.fromkeys(OPTIONS))
    timezone = options["timezone"] or settings.TIME_ZONE
    return summarise(initial.trigger, kwargs, timezone=timezone, on_missing_day=options["on_missing_day"])


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
