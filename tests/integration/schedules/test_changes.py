"""The time line of changes: where its events come from, in which order they are, and who sees which."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from schedules.changes import Code, Event, Kind, Page, Window, find_concerns, list_changes
from schedules.changes.sources import PAGE_SIZE
from schedules.models import Schedule, ScheduleState, ZoneDataChange
from tasks.models import EngineFreeze, TaskStatus
from tests.support.factories import HOUR, NOW, SECOND, make_paused_schedule, make_schedule, make_task, make_workflow
from workflows.models import Release, Workflow
from workflows.releases.contents import Contents

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# Of what the migrations of the test database did, nothing lies in it.
LATELY = Window(since=NOW - 10 * DAY)


def changes(window: Window = LATELY, *, kinds: Collection[Kind] = tuple(Kind), may: Any = lambda _: True) -> Page:
    return list_changes(window, kinds=kinds, may=may)


def codes(page: Page) -> Sequence[Code]:
    return [event.code for event in page.events]


def make_release(
    at: datetime, former: Release | None = None, *, part: str = "workflows", workflows: Contents | None = None
) -> Release:
    fields = {"host": "host", "process": "host:1", "first_seen_at": at, "last_seen_at": at, "version": "0.1.0"}
    contents = {"workflows": workflows or {}}
    return Release.objects.create(part=part, fingerprint=uuid4().hex, former=former, contents=contents, **fields)


def log(user: User, row: Model, flag: int = CHANGE, *, at: datetime = NOW, message: str = "") -> LogEntry:
    content_type = ContentType.objects.get_for_model(row)
    fields = {"object_id": str(row.pk), "object_repr": str(row), "change_message": message}
    return LogEntry.objects.create(user=user, content_type=content_type, action_flag=flag, action_time=at, **fields)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create(username="ada")


@pytest.fixture(autouse=True)
def _nothing_yet(db: None) -> None:
    """Have no rows that the migrations made: they were made after NOW, by the clock of the machine, or before."""
    Workflow.objects.all().delete()
    MigrationRecorder(connection).migration_qs.all().delete()


class TestSources:
    def test_all_of_them_in_one_order_newest_first(self, ada: User) -> None:
        make_release(NOW + 1 * MINUTE)
        MigrationRecorder(connection).Migration.objects.create(app="tasks", name="0001", applied=NOW + 2 * MINUTE)
        workflow = make_workflow(has_code=False)
        Workflow.objects.filter(pk=workflow.pk).update(created_at=NOW + 3 * MINUTE, deleted_at=NOW + 4 * MINUTE)
        ZoneDataChange.objects.create(from_version="a", to_version="b", started_at=NOW + 5 * MINUTE)
        make_schedule(
            workflow,
            created_at=NOW + 6 * MINUTE,
            updated_at=NOW + 7 * MINUTE,
            version=2,
            created_by="x",
            updated_by="y",
        )
        EngineFreeze.objects.create(
            started_at=NOW + 8 * MINUTE,
            started_by="ada",
            ended_at=NOW + 9 * MINUTE,
            ended_by="bob",
            reason="r",
            in_force=None,
        )
        log(ada, make_task(workflow), at=NOW + 10 * MINUTE)
        log(ada, ada, ADDITION, at=NOW + 11 * MINUTE)
        page = changes()
        assert codes(page) == [
            Code.LOGGED,
            Code.LOGGED,
            Code.UNFROZEN,
            Code.FROZEN,
            Code.SCHEDULE_CHANGED,
            Code.SCHEDULE_CREATED,
            Code.ZONE_DATA,
            Code.WORKFLOW_DELETED,
            Code.WORKFLOW_REGISTERED,
            Code.MIGRATIONS,
            Code.RELEASE,
        ]
        assert [event.actor for event in page.events] == ["ada", "ada", "bob", "ada", "y", "x", "", "", "", "", ""]
        assert page.older is None

    def test_migrations_that_were_applied_together_are_one_event(self) -> None:
        migrations = MigrationRecorder(connection).Migration.objects
        for name, at in (("0001", NOW), ("0002", NOW + SECOND), ("0003", NOW + HOUR)):
            migrations.create(app="tasks", name=name, applied=at)
        later, earlier = changes().events
        assert (later.row, later.at) == (["tasks 0003"], NOW + HOUR)
        assert (earlier.row, earlier.at) == (["tasks 0001", "tasks 0002"], NOW + SECOND)

    def test_a_schedule_that_was_never_changed_was_only_created(self) -> None:
        make_schedule(make_workflow(has_code=False), created_at=NOW, updated_at=NOW)
        assert codes(changes(kinds=[Kind.SCHEDULES])) == [Code.SCHEDULE_CREATED]

    def test_what_the_log_has_is_not_told_again_by_the_schedule(self, ada: User) -> None:
        fields: dict[str, Any] = {"created_at": NOW - HOUR, "updated_at": NOW, "version": 2, "updated_by": "ada"}
        schedule = make_schedule(make_workflow(has_code=False), **fields)
        log(ada, schedule, at=NOW + SECOND)
        assert codes(changes(kinds=[Kind.SCHEDULES])) == [Code.LOGGED, Code.SCHEDULE_CREATED]
        LogEntry.objects.update(action_time=NOW + MINUTE)
        assert codes(changes(kinds=[Kind.SCHEDULES])) == [Code.LOGGED, Code.SCHEDULE_CHANGED, Code.SCHEDULE_CREATED]
        LogEntry.objects.update(action_time=NOW)
        Schedule.objects.update(updated_by="bob")
        assert Code.SCHEDULE_CHANGED in codes(changes(kinds=[Kind.SCHEDULES])), "somebody else changed it"

    def test_the_log_says_whether_what_it_is_about_is_still_there(self, ada: User) -> None:
        schedule, gone = (make_schedule(make_workflow(has_code=False)) for _ in range(2))
        log(ada, schedule, at=NOW + 3 * SECOND)
        log(ada, gone, at=NOW + 2 * SECOND)
        log(ada, gone, DELETION, at=NOW + SECOND)
        log(ada, schedule)
        LogEntry.objects.filter(action_time=NOW).update(object_id="no id")
        gone.delete()
        entries = [event for event in changes(kinds=[Kind.SCHEDULES]).events if event.code == Code.LOGGED]
        assert [event.is_there for event in entries] == [True, False, False, False]


class TestWindowsAndPages:
    def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(self) -> None:
        for minutes in range(4):
            make_release(NOW + minutes * MINUTE)
        page = changes(Window(since=NOW + MINUTE, before=NOW + 3 * MINUTE))
        assert [event.at for event in page.events] == [NOW + 2 * MINUTE, NOW + MINUTE]

    def test_kinds_that_were_not_asked_for_are_left_out(self, ada: User) -> None:
        make_release(NOW)
        log(ada, ada)
        assert codes(changes(kinds=[Kind.DEPLOYS])) == [Code.RELEASE]
        assert codes(changes(kinds=[Kind.ACCESS])) == [Code.LOGGED]

    def test_nobody_sees_what_they_may_not_look_at(self, ada: User) -> None:
        make_release(NOW)
        log(ada, make_task(make_workflow(has_code=False)))
        EngineFreeze.objects.create(started_at=NOW, started_by="ada", reason="r")
        log(ada, ada)
        shown = {
            permission: set(codes(changes(may=lambda asked: asked == permission)))  # noqa: B023  # asked at once
            for permission in ("workflows.view_release", "tasks.view_task", "tasks.view_enginefreeze", "auth.view_user")
        }
        assert shown == {
            "workflows.view_release": {Code.RELEASE},
            "tasks.view_task": {Code.LOGGED},
            "tasks.view_enginefreeze": {Code.FROZEN},
            "auth.view_user": {Code.LOGGED},
        }
        assert changes(may=lambda _: False).events == []

    def test_pages_hold_every_event_once(self, ada: User) -> None:
        task = make_task(make_workflow(has_code=False))
        for number in range(130):
            log(ada, task, at=NOW + number * MINUTE)
        for number in range(70):
            make_release(NOW + HOUR + number * 10 * SECOND)
        seen: list[Event] = []
        page = changes(kinds=[Kind.TASKS, Kind.DEPLOYS])
        pages = 1
        while page.older:
            seen += page.events
            page = changes(Window(NOW - DAY, page.older), kinds=[Kind.TASKS, Kind.DEPLOYS])
            pages += 1
        seen += page.events
        found = [(event.code, event.row.pk) for event in seen if event.code != Code.WORKFLOW_REGISTERED]
        assert len(found) == len(set(found)) == 200
        assert [event.at for event in seen] == sorted((event.at for event in seen), reverse=True)
        assert 8 <= pages <= 12

    def test_events_of_one_moment_are_on_one_page(self, ada: User) -> None:
        task = make_task(make_workflow(has_code=False))
        for number in range(1, PAGE_SIZE - 1):
            log(ada, task, at=NOW + number * SECOND)
        for _ in range(3):
            log(ada, ada)
        log(ada, ada, at=NOW - SECOND)
        page = changes(kinds=[Kind.TASKS, Kind.ACCESS])
        assert (len(page.events), page.older) == (PAGE_SIZE + 1, NOW)
        [last] = changes(Window(before=page.older), kinds=[Kind.TASKS, Kind.ACCESS]).events
        assert last.at == NOW - SECOND


class TestConcerns:
    def deploy(self, former: Contents, present: Contents) -> Release:
        return make_release(NOW, make_release(NOW - DAY, workflows=former), workflows=present)

    def concerns_of(self, release: Release, may: Any = lambda _: True) -> Any:
        return find_concerns(release, may=may)

    def facts(self, names: str) -> Contents:
        step = {"kind": "plain", "form": None, "retry": None, "conditional": False, "atomic": False, "code": ""}
        steps = [
            {**step, "name": name, "timeout": None, "answer_within": None} for name in f"Start {names} Done".split()
        ]
        callbacks = {"predicate": None, "may_start": None, "may_resume": None}
        return {"description": "", "target": "SYSTEM", "steps": steps, "form": None, "aliases": {}, **callbacks}

    def test_tasks_that_stand_at_what_has_changed(self) -> None:
        workflow = make_workflow(name="task_a", has_code=False)
        release = self.deploy({"task_a": self.facts("A B")}, {"task_a": self.facts("X A B")})
        make_task(workflow, status=TaskStatus.SUSPENDED, steps_version="f" * 32, position=1)
        assert [each.stopping for each in self.concerns_of(release).tasks] == [1]
        assert self.concerns_of(release, lambda asked: asked != "tasks.view_task").tasks == []
        another = make_release(NOW + DAY, release, workflows=release.contents["workflows"])
        assert len(self.concerns_of(another).tasks) == 1, "a release that changes nothing hides nothing"

    def test_schedules_that_broke_since_and_of_many_the_first(self) -> None:
        workflow = make_workflow(has_code=False)
        release = self.deploy({}, {workflow.name: self.facts("A")})
        broken: dict[str, Any] = {"state": ScheduleState.BROKEN, "next_run_at": None}
        for number in range(23):
            make_schedule(workflow, name=f"New {number}", state_since=NOW + number * SECOND, **broken)
        make_schedule(workflow, name="Of long ago", state_since=NOW - SECOND, **broken)
        make_paused_schedule(workflow)
        found = self.concerns_of(release)
        assert (len(found.broken), found.broken_count) == (20, 23)
        assert found.broken[0].name == "New 22"
        assert self.concerns_of(release, lambda asked: asked == "tasks.view_task").broken == ()

    def test_schedules_whose_workflow_has_no_code_any_more(self) -> None:
        workflows = {
            name: make_workflow(name=name, has_code=False) for name in ("task_gone", "task_broken", "task_old")
        }
        for workflow in workflows.values():
            make_schedule(workflow)
        make_schedule(workflows["task_gone"])
        former = {name: self.facts(name) for name in workflows}
        release = self.deploy(former, {"task_broken": {"problem": "x"}, "task_new": self.facts("task_old")})
        found = self.concerns_of(release).without_code
        assert found == {"task_gone": 2, "task_broken": 1, "task_old": 1}

    def test_time_zone_data_that_moved_next_runs_since(self) -> None:
        release = self.deploy({}, {})
        for at in (NOW - SECOND, NOW + SECOND):
            ZoneDataChange.objects.create(from_version="a", to_version="b", started_at=at, finished_at=at)
        assert [each.started_at for each in self.concerns_of(release).zone_data] == [NOW + SECOND]
