"""Events of the time line, and what is different between releases, as the pages show them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import list_link, page_link, show_moment
from schedules.admin.change_words import FATES, say_change, say_what_stops, sum_up
from schedules.changes import Code, Concerns, Event
from schedules.models import Schedule, ZoneDataChange
from tasks.affected import ON_THEIR_WAY, Affected
from tasks.models import EngineFreeze, TaskStatus
from workflows.models import Release, ReleasePart, Workflow
from workflows.releases.differences import Difference
from workflows.releases.reading import find_difference

Shown = dict[str, Any]


def show_event(event: Event) -> Shown:
    """Return what an item of the time line has: an icon, a title that may be a link, what there is to say, by whom."""
    shown = {"at": event.at, "time": f"{localtime(event.at):%H:%M:%S}", "moment": show_moment(event.at)}
    return {**shown, "code": event.code.value, "actor": event.actor, **_SHOW[event.code](event)}


def show_events(events: Iterable[Event]) -> Iterator[Shown]:
    """Yield the items of events in their order; workflows that were registered one after the other are one item."""
    for is_registration, group in groupby(events, key=lambda event: event.code == Code.WORKFLOW_REGISTERED):
        together = list(group)
        if is_registration and len(together) > 1:
            yield _show_registrations(together)
        else:
            yield from map(show_event, together)


def _show_release(event: Event) -> Shown:
    release: Release = event.row
    difference = find_difference(release)
    name = {"release": release}
    title = _("Release %(release)s") if release.part == ReleasePart.WORKFLOWS else _("Functions of release %(release)s")
    return {
        "icon": "rocket_launch",
        "title": page_link("workflows_release", str(release.pk), title % name),
        "detail": _("first seen; what was before is not known") if difference is None else sum_up(difference),
        "difference": show_difference(difference) if difference else None,
    }


def _show_migrations(event: Event) -> Shown:
    names: list[str] = event.row
    text = ngettext("%(count)d migration was applied", "%(count)d migrations were applied", len(names))
    return {"icon": "database", "title": text % {"count": len(names)}, **_name_some(names)}


def _show_registrations(events: Sequence[Event]) -> Shown:
    text = ngettext("%(count)d workflow was registered", "%(count)d workflows were registered", len(events))
    title = list_link("workflows_workflow", "", text % {"count": len(events)})
    links = [page_link("workflows_workflow", event.row.pk, event.row) for event in events]
    return {**show_event(events[0]), "title": title, **_name_some([str(event.row) for event in events]), "lines": links}


def _show_registered(event: Event) -> Shown:
    workflow: Workflow = event.row
    title = _("Workflow %(name)s was registered") % {"name": workflow}
    return {
        "icon": "account_tree",
        "title": page_link("workflows_workflow", workflow.pk, title),
        "detail": workflow.description,
    }


def _show_deleted(event: Event) -> Shown:
    workflow: Workflow = event.row
    title = _("Workflow %(name)s was deleted") % {"name": workflow}
    return {"icon": "account_tree", "title": page_link("workflows_workflow", workflow.pk, title), "detail": ""}


def _show_zone_data(event: Event) -> Shown:
    change: ZoneDataChange = event.row
    return {
        "icon": "public",
        "title": _("Time-zone data: %(before)s → %(after)s")
        % {"before": change.from_version, "after": change.to_version},
        "detail": say_moves(change),
        "lines": [
            _("%(name)s: %(before)s → %(after)s")
            % {"name": name, "before": _show_stored(before), "after": _show_stored(after)}
            for _id, name, before, after in change.moves
        ],
    }


def _show_stored(moment: str) -> str | None:
    return show_moment(datetime.fromisoformat(moment))


def say_moves(change: ZoneDataChange) -> str:
    """Say how many next runs a change of the time-zone data has moved."""
    count = change.moved_schedules + change.moved_functions
    moved = ngettext("%(count)d next run has moved", "%(count)d next runs have moved", count) % {"count": count}
    return moved if change.finished_at else _("%(moved)s so far") % {"moved": moved}


def _show_created(event: Event) -> Shown:
    return _show_schedule(event.row, _("Schedule “%(name)s” was created"), detail="")


def _show_changed(event: Event) -> Shown:
    schedule: Schedule = event.row
    if schedule.paused_at == event.at:
        return _show_schedule(schedule, _("Schedule “%(name)s” was paused"), detail=schedule.pause_reason)
    detail = _("its last change, version %(version)d") % {"version": schedule.version}
    return _show_schedule(schedule, _("Schedule “%(name)s” was changed"), detail=detail)


def _show_schedule(schedule: Schedule, title: str, *, detail: str) -> Shown:
    link = page_link("schedules_schedule", schedule.pk, title % {"name": schedule})
    return {"icon": "event_repeat", "title": link, "detail": detail}


def _show_frozen(event: Event) -> Shown:
    freeze: EngineFreeze = event.row
    return {
        "icon": "ac_unit",
        "title": list_link("tasks_enginefreeze", "", _("The engine was frozen")),
        "detail": freeze.reason,
    }


def _show_unfrozen(event: Event) -> Shown:
    return {
        "icon": "ac_unit",
        "title": list_link("tasks_enginefreeze", "", _("The engine was unfrozen")),
        "detail": "" if event.actor else _("it was time"),
    }


def _show_logged(event: Event) -> Shown:
    """Show an entry of the admin's log, with a link if what it is about is still there."""
    entry: LogEntry = event.row
    model = f"{entry.content_type.app_label}_{entry.content_type.model}" if entry.content_type else ""
    name = {"what": entry.content_type.name if entry.content_type else "", "name": entry.object_repr}
    title = _title_of(entry) % name
    return {
        "icon": {"task": "play_circle", "schedule": "event_repeat"}.get(model.partition("_")[2], "person"),
        "title": page_link(model, str(entry.object_id), title) if event.is_there else title,
        "detail": "" if entry.action_flag in {ADDITION, DELETION} else entry.get_change_message(),
    }


def _title_of(entry: LogEntry) -> str:
    if entry.action_flag == ADDITION:
        return _("Added %(what)s “%(name)s”")
    return _("Deleted %(what)s “%(name)s”") if entry.action_flag == DELETION else _("Changed %(what)s “%(name)s”")


_SHOW: Mapping[Code, Callable[[Event], Shown]] = {
    Code.RELEASE: _show_release,
    Code.MIGRATIONS: _show_migrations,
    Code.WORKFLOW_REGISTERED: _show_registered,
    Code.WORKFLOW_DELETED: _show_deleted,
    Code.ZONE_DATA: _show_zone_data,
    Code.SCHEDULE_CREATED: _show_created,
    Code.SCHEDULE_CHANGED: _show_changed,
    Code.FROZEN: _show_frozen,
    Code.UNFROZEN: _show_unfrozen,
    Code.LOGGED: _show_logged,
}


def _name_some(names: Sequence[object]) -> Shown:
    """Return names as the detail of an event; of several the first, and the others folded."""
    if len(names) < 2:  # noqa: PLR2004  # one needs no list
        return {"detail": str(names[0]) if names else ""}
    rest = len(names) - 1
    more = ngettext("%(first)s and %(count)d more", "%(first)s and %(count)d more", rest)
    return {"detail": more % {"first": names[0], "count": rest}, "lines": names}


def show_difference(difference: Difference) -> Shown:
    """Return what is different, in words and by workflow."""
    return {
        "is_any": bool(difference),
        "summary": sum_up(difference),
        "general": [say_change(change) for change in difference.general],
        "functions": [say_change(change) for change in difference.functions],
        "workflows": [
            {
                "name": each.name,
                "fate": each.fate.value,
                "label": FATES[each.fate],
                "former_name": each.former_name,
                "changes": [say_change(change) for change in each.changes],
                "stops": say_what_stops(each),
            }
            for each in difference.workflows
        ],
    }


def show_concerns(concerns: Concerns) -> Shown:
    """Return what a release means for what is stored: lines with links, the worst first."""
    return {"lines": list(_say_concerns(concerns)), "is_any": bool(concerns)}


def _say_concerns(concerns: Concerns) -> Iterator[Shown]:
    for affected in concerns.tasks:
        yield from _say_affected(affected)
    for schedule in concerns.broken:
        link = page_link("schedules_schedule", schedule.pk, _("Schedule “%(name)s” broke") % {"name": schedule})
        yield {"icon": "error", "link": link, "text": schedule.state_reason}
    if (rest := concerns.broken_count - len(concerns.broken)) > 0:
        text = ngettext("%(count)d more schedule broke", "%(count)d more schedules broke", rest) % {"count": rest}
        yield {"icon": "error", "link": list_link("schedules_schedule", "state=broken", text), "text": ""}
    for name, count in (concerns.without_code or {}).items():
        text = ngettext("%(count)d schedule runs %(name)s", "%(count)d schedules run %(name)s", count)
        link = list_link("schedules_schedule", urlencode({"q": name}), text % {"count": count, "name": name})
        yield {"icon": "error", "link": link, "text": _("which has no code that can be used any more")}
    for change in concerns.zone_data:
        yield {
            "icon": "public",
            "link": _("Time-zone data %(version)s") % {"version": change.to_version},
            "text": say_moves(change),
        }


def _say_affected(affected: Affected) -> Iterator[Shown]:
    name = {"name": affected.workflow_name}
    at_least = "" if affected.is_all else _("or more")
    query = {"workflow__id__exact": affected.workflow_id}
    if affected.standing:
        text = ngettext(
            "%(count)d task of %(name)s stands at or after what has changed",
            "%(count)d tasks of %(name)s stand at or after what has changed",
            affected.standing,
        )
        standing = {
            **query,
            "status__in": ",".join(ON_THEIR_WAY),
            "steps_version__in": ",".join(sorted(affected.versions)),
            "position__gte": affected.first_position,
        }
        link = list_link("tasks_task", urlencode(standing), text % {**name, "count": affected.standing})
        yield {"icon": "warning", "link": link, "note": at_least, "text": _say_what_they_do(affected)}
    if affected.stopped:
        text = ngettext(
            "%(count)d task of %(name)s has stopped since as inconsistent",
            "%(count)d tasks of %(name)s have stopped since as inconsistent",
            affected.stopped,
        )
        stopped = query | {"status": TaskStatus.INCONSISTENT_DATA.value}
        link = list_link("tasks_task", urlencode(stopped), text % {**name, "count": affected.stopped})
        yield {
            "icon": "error",
            "link": link,
            "note": at_least,
            "text": _("resume each at a step of your choice, on its page"),
        }


def _say_what_they_do(affected: Affected) -> str:
    stopping = ngettext("%(count)d stops when it goes on", "%(count)d stop when they go on", affected.stopping)
    mapped = ngettext("%(count)d goes on by an alias", "%(count)d go on by an alias", affected.mapped)
    parts = [(stopping, affected.stopping), (mapped, affected.mapped)]
    return ", ".join(text % {"count": count} for text, count in parts if count)
