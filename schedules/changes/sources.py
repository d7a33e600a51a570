"""Where the events of the time line come from; each is one statement, or two for what its rows need.

Deploys are known from what processes write down when they start, from migrations and from time-zone data. What people
do in the admin is in its own log; of what comes by the API or a command, the rows themselves say who changed them last.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model, QuerySet

from schedules.changes.events import Code, Event, Kind, Window
from schedules.models import Schedule, ZoneDataChange
from tasks.models import EngineFreeze, Task
from workflows.models import Workflow
from workflows.releases.reading import list_releases, read_page

PAGE_SIZE = 50
# A release holds all that is registered; more of them on one page are more than anybody reads.
RELEASES_PER_PAGE = 10
MAX_MIGRATIONS = 1_000
# Migrations that were applied one after the other are one event.
APPLIED_TOGETHER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from.

    Attributes:
        permission: Of those who may see them.
        read: Returns those of a window, the newest first, up to `limit`.
    """

    kind: Kind
    permission: str
    read: Callable[[Window, int], Sequence[Event]]
    limit: int = PAGE_SIZE


def read_releases(window: Window, limit: int) -> list[Event]:
    """Return when another release took the place of the one before."""
    rows = read_page(list_releases().filter(window.holds("first_seen_at")), limit=limit)
    return [Event(row.first_seen_at, Code.RELEASE, row) for row in rows]


def read_migrations(window: Window, limit: int) -> list[Event]:
    """Return when migrations were applied, those together that were so one after the other."""
    rows = MigrationRecorder(connection).migration_qs.order_by("-applied", "-id")
    applied = list(rows.values_list("applied", "app", "name")[:MAX_MIGRATIONS])
    groups: list[list[tuple[Any, str, str]]] = [applied[:1]] if applied else []
    for later, earlier in pairwise(applied):
        if later[0] - earlier[0] <= APPLIED_TOGETHER:
            groups[-1].append(earlier)
        else:
            groups.append([earlier])
    events = [
        Event(group[0][0], Code.MIGRATIONS, [f"{app} {name}" for _, app, name in reversed(group)]) for group in groups
    ]
    return [event for event in events if event.at in window][:limit]


def read_registered(window: Window, limit: int) -> list[Event]:
    """Return when workflows got their row."""
    rows = Workflow.objects.filter(window.holds("created_at")).order_by("-created_at", "name")[:limit]
    return [Event(row.created_at, Code.WORKFLOW_REGISTERED, row) for row in rows]


def read_deleted(window: Window, limit: int) -> list[Event]:
    """Return when workflows were marked as deleted."""
    gone = Workflow.objects.filter(window.holds("deleted_at"), deleted_at__isnull=False)
    return [
        Event(row.deleted_at, Code.WORKFLOW_DELETED, row)
        for row in gone.order_by("-deleted_at", "name")[:limit]
        if row.deleted_at
    ]


def read_zone_data(window: Window, limit: int) -> list[Event]:
    """Return when time-zone data was another one than before."""
    rows = ZoneDataChange.objects.filter(window.holds("started_at")).order_by("-id")[:limit]
    return [Event(row.started_at, Code.ZONE_DATA, row) for row in rows]


def read_created(window: Window, limit: int) -> list[Event]:
    """Return which schedules were created that are still there."""
    rows = Schedule.objects.filter(window.holds("created_at")).order_by("-created_at")[:limit]
    return [Event(row.created_at, Code.SCHEDULE_CREATED, row, row.created_by) for row in rows]


def read_changed(window: Window, limit: int) -> list[Event]:
    """Return when schedules were changed last; what was before that they do not say."""
    changed = Schedule.objects.filter(window.holds("updated_at"), version__gt=1)
    rows = changed.order_by("-updated_at")[:limit]
    return [Event(row.updated_at, Code.SCHEDULE_CHANGED, row, row.updated_by) for row in rows]


def read_frozen(window: Window, limit: int) -> list[Event]:
    """Return when the engine was frozen."""
    rows = EngineFreeze.objects.filter(window.holds("started_at")).order_by("-started_at")[:limit]
    return [Event(row.started_at, Code.FROZEN, row, row.started_by) for row in rows]


def read_unfrozen(window: Window, limit: int) -> list[Event]:
    """Return when freezes were ended, by somebody or because it was time."""
    ended = EngineFreeze.objects.filter(window.holds("ended_at"), ended_at__isnull=False)
    return [
        Event(row.ended_at, Code.UNFROZEN, row, row.ended_by)
        for row in ended.order_by("-ended_at")[:limit]
        if row.ended_at
    ]


def logged(*models: type[Model]) -> Callable[[Window, int], list[Event]]:
    """Return what reads the admin's own log of some models."""

    def read(window: Window, limit: int) -> list[Event]:
        types = ContentType.objects.get_for_models(*models).values()
        entries = LogEntry.objects.filter(window.holds("action_time"), content_type__in=types)
        # Its index is that of the ids, which are in the order of time but for what two web servers logged together.
        latest = entries.select_related("user", "content_type").order_by("-id")[:limit]
        rows = sorted(latest, key=lambda entry: entry.action_time, reverse=True)
        there = set(_find_there(rows, models))
        return [
            Event(
                row.action_time,
                Code.LOGGED,
                row,
                row.user.get_username(),
                is_there=row.action_flag != DELETION and (row.content_type_id, row.object_id) in there,
            )
            for row in rows
        ]

    return read


def _find_there(rows: Sequence[LogEntry], models: Collection[type[Model]]) -> Iterator[tuple[int, str]]:
    """Yield the type and the id of each row that entries are about and that is still there."""
    for model in models:
        content_type = ContentType.objects.get_for_model(model)
        ids = {
            key for row in rows if row.content_type_id == content_type.pk and (key := _read_key(model, row.object_id))
        }
        found = QuerySet(model).filter(pk__in=ids).values_list("pk", flat=True) if ids else ()
        yield from ((content_type.pk, str(pk)) for pk in found)


def _read_key(model: type[Model], text: str | None) -> Any:
    """Return a key as the model has it; None for text that can be none: the log takes any."""
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


VIEW_RELEASE, VIEW_SCHEDULE = "workflows.view_release", "schedules.view_schedule"
VIEW_FREEZE = "tasks.view_enginefreeze"

SOURCES: tuple[Source, ...] = (
    Source(Kind.DEPLOYS, VIEW_RELEASE, read_releases, RELEASES_PER_PAGE),
    Source(Kind.DEPLOYS, VIEW_RELEASE, read_migrations),
    Source(Kind.DEPLOYS, "workflows.view_workflow", read_registered),
    Source(Kind.DEPLOYS, "workflows.view_workflow", read_deleted),
    Source(Kind.DEPLOYS, VIEW_SCHEDULE, read_zone_data),
    Source(Kind.SCHEDULES, VIEW_SCHEDULE, read_created),
    Source(Kind.SCHEDULES, VIEW_SCHEDULE, read_changed),
    Source(Kind.SCHEDULES, VIEW_SCHEDULE, logged(Schedule)),
    Source(Kind.TASKS, "tasks.view_task", logged(Task)),
    Source(Kind.ENGINE, VIEW_FREEZE, read_frozen),
    Source(Kind.ENGINE, VIEW_FREEZE, read_unfrozen),
    Source(Kind.ACCESS, "auth.view_user", logged(User)),
    Source(Kind.ACCESS, "auth.view_group", logged(Group)),
)
