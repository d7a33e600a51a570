"""Doing one thing to many schedules: each by itself, and for each it is told what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue, Refused
from orchestrator_site.common.reasons import check_hold
from schedules.models import Schedule
from schedules.pausing import pause_schedule, resume_schedule
from schedules.running import run_schedule_now
from schedules.selectors import ScheduleNotFound, get_schedule
from schedules.services import delete_schedule

# Each is a transaction: so many take seconds.
MAX_SCHEDULES = 1_000


class Action(StrEnum):
    """What can be done to many schedules."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    DELETE = "delete"


# What a user needs for an action beside seeing the schedules.
PERMISSION_OF = {
    Action.PAUSE: "schedules.pause_schedule",
    Action.RESUME: "schedules.pause_schedule",
    Action.RUN: "schedules.run_schedule",
    Action.DELETE: "schedules.delete_schedule",
}


class Status(StrEnum):
    """What came of it for one schedule."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it for one schedule; `detail` says why nothing did, and `task_id` is the task that was started."""

    schedule_id: UUID
    name: str
    status: Status
    detail: str = ""
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done, by whom, and why; only a pause has an `until`, and only a pause has to have a reason."""

    action: Action
    actor: str
    user: Any = None
    reason: str = ""
    until: datetime | None = None


def act_on_schedules(*, ids: Sequence[UUID], request: Request, is_dry_run: bool = False) -> list[Result]:
    """Do what is asked to each schedule, in a transaction of its own; one that refuses does not stop the others.

    A dry run does the same and takes it back: it says what would come of it, and writes nothing. Whatever it logs has
    `dry_run`.

    Raises:
        InvalidValue: There are more than MAX_SCHEDULES; or a pause has no reason, or too long a one, or an
            `until` that has passed.
    """
    check_number(len(ids))
    if request.action == Action.PAUSE:
        check_hold(reason=request.reason, until=request.until, now=database_now())
    # In one order: where a key makes all of it one transaction, two of them must not wait for one another.
    ordered = sorted(set(ids))
    if is_dry_run:
        with structlog.contextvars.bound_contextvars(dry_run=True):
            results = {each: _try_on(each, request) for each in ordered}
    else:
        results = {each: _act_on(each, request) for each in ordered}
    return [results[each] for each in ids]


def check_number(count: int, *, field: str = "ids") -> None:
    """Refuse to act on more schedules than can be done at once.

    Raises:
        InvalidValue: The message says how many there are, and how to take fewer.
    """
    if count > MAX_SCHEDULES:
        raise InvalidValue(
            f"{count:,} schedules are meant, and at most {MAX_SCHEDULES:,} can be taken at once: narrow the filter by "
            "name, workflow_name, trigger or state, or give a part of the ids",
            field=field,
            value=count,
        )


def _try_on(schedule_id: UUID, request: Request) -> Result:
    with write_transaction():
        result = _act_on(schedule_id, request)
        transaction.set_rollback(True)
    # The task is gone with the rest.
    return Result(result.schedule_id, result.name, result.status, result.detail)


def _act_on(schedule_id: UUID, request: Request) -> Result:
    name = ""
    try:
        schedule = get_schedule(schedule_id)
        name = schedule.name
        return _ACTIONS[request.action](schedule, request)
    except ScheduleNotFound as error:
        return Result(schedule_id, name, Status.NOT_FOUND, str(error))
    except (Conflict, InvalidValue, Forbidden, Refused) as error:
        return Result(schedule_id, name, Status.REFUSED, str(error))


def _pause(schedule: Schedule, request: Request) -> Result:
    paused = pause_schedule(schedule_id=schedule.pk, reason=request.reason, until=request.until, actor=request.actor)
    return _compare(schedule, paused, "it is paused already, for this reason and until then")


def _resume(schedule: Schedule, request: Request) -> Result:
    resumed = resume_schedule(schedule_id=schedule.pk, actor=request.actor)
    return _compare(schedule, resumed, "it is active")


def _compare(before: Schedule, after: Schedule, words: str) -> Result:
    if after.version == before.version:
        return Result(after.pk, after.name, Status.UNCHANGED, words)
    return Result(after.pk, after.name, Status.DONE)


def _run(schedule: Schedule, request: Request) -> Result:
    task = run_schedule_now(schedule=schedule, actor=request.actor, user=request.user, reason=request.reason)
    return Result(schedule.pk, schedule.name, Status.DONE, task_id=task.pk)


def _delete(schedule: Schedule, request: Request) -> Result:
    delete_schedule(schedule_id=schedule.pk, actor=request.actor)
    return Result(schedule.pk, schedule.name, Status.DONE)


_ACTIONS: dict[Action, Callable[[Schedule, Request], Result]] = {
    Action.PAUSE: _pause,
    Action.RESUME: _resume,
    Action.RUN: _run,
    Action.DELETE: _delete,
}
