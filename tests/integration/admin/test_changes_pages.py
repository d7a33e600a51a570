"""Changes: the time line of deploys and of what people did, and the page of a release."""

import html
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from django.utils.timezone import now

from schedules.models import Schedule, ZoneDataChange
from tasks import affected
from tasks.deploys import save_version, version_of
from tasks.models import EngineFreeze, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read
from tests.support.database import recorded_statements
from tests.support.factories import make_schedule, make_step, make_task, make_workflow, register_code
from workflows.models import Release, Workflow
from workflows.registry import get_definition
from workflows.releases.contents import describe_workflow

URL = list_url("workflows_release")
CARD = 'id="newest"'
HOUR = timedelta(hours=1)
MANY = 60
# Session, user, permissions and freeze; the newest release and what it concerns; one for each source, two for logs.
MOST_STATEMENTS = 28


def deploy(name: str, workflow: Workflow | None = None, *, ago: timedelta = HOUR, **contents: Any) -> Release:
    """Write down a release that has a workflow as it is now, in the place of the newest one."""
    at = now() - ago
    facts = {workflow.name: describe_workflow(get_definition(workflow.name))} if workflow else {}
    return Release.objects.create(
        part="workflows",
        name=name,
        version="0.1.0",
        fingerprint=uuid4().hex,
        former=Release.objects.order_by("-id").first(),
        host="host",
        process="host:1",
        first_seen_at=at,
        last_seen_at=at,
        contents={"name": name, "workflows": facts, **contents},
    )


def register(workflow: Workflow, names: str) -> None:
    register_code(workflow.name, [make_step(name, lambda: None) for name in names.split()])


def log(user: User, row: Model, flag: int = CHANGE, message: str = "") -> None:
    content_type = ContentType.objects.get_for_model(row)
    fields = {"object_id": str(row.pk), "object_repr": str(row), "change_message": message}
    LogEntry.objects.create(user=user, content_type=content_type, action_flag=flag, **fields)


@pytest.fixture
def workflow(db: None) -> Workflow:
    return make_workflow(name="task_a", has_code=False)


@pytest.fixture
def changed(workflow: Workflow) -> Release:
    """Return a release that has inserted a step at which a task stands."""
    register(workflow, "A B")
    deploy("r1", workflow, ago=2 * HOUR)
    version = version_of(get_definition("task_a"))
    save_version(version)
    make_task(workflow, status=TaskStatus.SUSPENDED, steps_version=version.id, position=2)
    make_task(workflow, status=TaskStatus.SUSPENDED, steps_version=version.id, position=0)
    register(workflow, "A <X> B")
    return deploy("r2", workflow)


def text_of(answer: Any) -> str:
    """Return what the page that was answered says, without its tags."""
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", answer.content.decode())).split())


class TestTheTimeLine:
    def test_a_release_is_told_with_what_it_has_changed_and_what_stands_at_it(
        self, root: Client, changed: Release
    ) -> None:
        text = text_of(root.get(URL))
        assert "Release r2 1 workflow changed" in text
        assert "Step “<X>” is inserted after “A”." in text
        assert "Tasks that stand at step 3 or after it do not go on by themselves" in text
        assert "1 task of task_a stands at or after what has changed : 1 stops when it goes on" in text
        assert "Release r1 first seen; what was before is not known" in text
        assert "<X>" not in root.get(URL).content.decode(), "what the code is called is escaped"

    def test_the_link_leads_to_the_tasks_that_are_counted(self, root: Client, changed: Release) -> None:
        page = read(root.get(URL))
        link = re.search(r'<ul class="changes-concerns".*?href="([^"]+)"', page, re.DOTALL)
        assert link
        rows = root.get(link[1]).context["cl"].result_list
        assert [(row.workflow.name, row.position) for row in rows] == [("task_a", 2)]

    def test_where_not_all_tasks_were_counted_it_says_so(
        self, root: Client, changed: Release, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "or more" not in text_of(root.get(URL))
        monkeypatch.setattr(affected, "MAX_COUNTED", 1)
        assert "(or more)" in text_of(root.get(URL))

    def test_what_people_did_is_told_with_the_name_and_a_link(self, root: Client, workflow: Workflow) -> None:
        ada = User.objects.create(username="ada")
        schedule = make_schedule(workflow, name="Nightly <sync>")
        log(ada, schedule, message="Run now")
        EngineFreeze.objects.create(started_at=now(), started_by="bob", reason="Upgrade of <NSO>")
        text = text_of(root.get(URL))
        assert "Changed schedule “Nightly <sync>” by ada Run now" in text
        assert "The engine was frozen by bob Upgrade of <NSO>" in text
        assert f'href="{page_url("schedules_schedule", schedule.pk)}"' in read(root.get(URL))

    def test_what_is_gone_has_no_link(self, root: Client, workflow: Workflow) -> None:
        schedule = make_schedule(workflow, name="Nightly")
        log(User.objects.create(username="ada"), schedule)
        url = page_url("schedules_schedule", schedule.pk)
        schedule.delete()
        page = read(root.get(URL))
        assert "Changed schedule “Nightly”" in page
        assert url not in page

    def test_a_pause_by_another_way_is_told_with_its_reason(self, root: Client, workflow: Workflow) -> None:
        schedule, at = make_schedule(workflow, name="Nightly"), now()
        paused = {"state": "paused", "paused_at": at, "pause_reason": "Maintenance", "next_run_at": None}
        Schedule.objects.filter(pk=schedule.pk).update(updated_at=at, updated_by="robot", version=2, **paused)
        assert "Schedule “Nightly” was paused by robot Maintenance" in text_of(root.get(URL))

    def test_time_zone_data_is_told_with_what_has_moved(self, root: Client, db: None) -> None:
        moves = [["id", "Nightly", "2027-06-10T01:30:00+00:00", "2027-06-10T00:30:00+00:00"]]
        fields = {"moved_schedules": 1, "moved_functions": 1, "moves": moves, "finished_at": now()}
        ZoneDataChange.objects.create(from_version="2027a", to_version="2027b", started_at=now(), **fields)
        text = text_of(root.get(URL))
        assert "Time-zone data: 2027a → 2027b 2 next runs have moved" in text
        assert "Nightly: 2027-06-10 01:30:00 UTC → 2027-06-10 00:30:00 UTC" in text

    def test_workflows_that_were_registered_together_are_one_item(self, root: Client, db: None) -> None:
        Workflow.objects.all().delete()
        for number in range(3):
            make_workflow(name=f"task_{number}", has_code=False)
        page = read(root.get(URL, {"since": "today"}))
        assert "3 workflows were registered task_2 and 2 more task_2 task_1 task_0" in text_of(root.get(URL))
        assert page.count('data-code="workflow_registered"') == 1

    def test_it_is_filtered_by_kind_and_time(self, root: Client, changed: Release) -> None:
        log(User.objects.create(username="ada"), make_schedule(make_workflow(has_code=False), name="Nightly"))
        deploys = read(root.get(URL, {"kind": "deploys", "since": "week"}))
        assert 'data-code="release"' in deploys
        assert 'data-code="logged"' not in deploys
        schedules = read(root.get(URL, {"kind": "schedules", "since": "week"}))
        assert 'data-code="logged"' in schedules
        assert 'data-code="release"' not in schedules
        assert CARD not in schedules
        recent = read(root.get(URL, {"kind": "deploys", "since": "hour"}))
        assert "Release r1" not in recent
        assert re.search(r'href="[^"]*since=hour" aria-current="true"', recent)

    def test_older_changes_are_on_further_pages_with_the_same_filter(self, root: Client, workflow: Workflow) -> None:
        ada = User.objects.create(username="ada")
        for _ in range(MANY):
            log(ada, ada)
        first = read(root.get(URL, {"kind": "access"}))
        link = re.search(r'href="([^"]*before=[^"]+)">Older', first)
        assert link
        assert "kind=access" in link[1]
        second = read(root.get(link[1]))
        assert first.count('data-code="logged"') + second.count('data-code="logged"') == MANY
        assert "Older" not in second
        assert f'href="{URL}?kind=access">Newest' in second
        assert CARD not in second

    @pytest.mark.parametrize(
        "query", [{"kind": "all"}, {"since": "ever"}, {"before": "soon"}, {"before": "2027-01-01"}]
    )
    def test_what_cannot_be_asked_for_leads_to_all_of_it(self, root: Client, query: dict[str, str]) -> None:
        answer = root.get(URL, query)
        assert (answer.status_code, answer.headers["Location"]) == (302, URL)

    def test_where_nothing_was_written_down_it_says_by_whom_that_is_done(self, root: Client, db: None) -> None:
        page = read(root.get(URL, {"kind": "tasks"}))
        assert "Nothing has changed" in page
        assert "workers and schedulers write down when they start" in page


class TestTheRelease:
    def test_it_says_what_is_different_from_the_one_before(self, root: Client, changed: Release) -> None:
        text = text_of(root.get(page_url("workflows_release", changed.pk)))
        assert "What is different from release r1" in text
        assert "The release is called r2; before, r1." in text
        assert "Step “<X>” is inserted after “A”." in text
        assert "1 task of task_a stands at or after what has changed" in text

    def test_one_that_nobody_named_has_the_version_and_what_tells_it_apart(self, root: Client, db: None) -> None:
        release = deploy("")
        assert f"Release 0.1.0 ({release.fingerprint[:7]})" in text_of(root.get(URL))

    def test_it_is_compared_with_another_one_that_is_chosen(
        self, root: Client, workflow: Workflow, changed: Release
    ) -> None:
        register(workflow, "A <X> B C")
        newest = deploy("r3", workflow, ago=timedelta(0))
        url = page_url("workflows_release", newest.pk)
        page = text_of(root.get(url))
        assert "What is different from release r2" in page
        assert "is inserted" not in page
        assert "is appended" in page
        assert changed.former
        page = text_of(root.get(url, {"against": str(changed.former.pk)}))
        assert "What is different from release r1" in page
        assert "is inserted" in page
        assert "Compare with another one" in page

    def test_of_one_that_is_not_in_use_nothing_is_said_of_what_is_stored(self, root: Client, changed: Release) -> None:
        assert changed.former
        page = text_of(root.get(page_url("workflows_release", changed.former.pk)))
        assert "nobody can tell" in page
        assert "stands at or after" not in page

    @pytest.mark.parametrize("pk", ["0", "x", "9" * 30])
    def test_there_is_none_of_another_id(self, root: Client, changed: Release, pk: str) -> None:
        assert root.get(f"{URL}{pk}/change/").status_code == 404
        assert root.get(page_url("workflows_release", changed.pk), {"against": pk}).status_code == 404

    def test_nothing_can_be_done_to_one(self, root: Client, changed: Release) -> None:
        for verb in ("delete", "history"):
            assert root.get(f"{URL}{changed.pk}/{verb}/").status_code in {302, 404}
        assert root.get(f"{URL}add/").status_code == 404
        assert root.post(URL).status_code == root.post(page_url("workflows_release", changed.pk)).status_code == 405
        assert Release.objects.count() == 2


class TestWhoSeesWhat:
    def test_without_the_permission_there_is_no_page_and_no_entry_in_the_menu(
        self, login: Login, changed: Release
    ) -> None:
        client = login("tasks.view_task")
        assert client.get(URL).status_code == client.get(page_url("workflows_release", changed.pk)).status_code == 403
        assert f'href="{URL}"' not in read(client.get(list_url("tasks_task")))

    def test_with_it_alone_deploys_are_seen_and_nothing_of_tasks_and_schedules(
        self, login: Login, changed: Release, workflow: Workflow
    ) -> None:
        log(User.objects.create(username="ada"), make_schedule(workflow, name="Nightly"), ADDITION)
        client = login("workflows.view_release")
        page = read(client.get(URL))
        assert f'href="{URL}"' in page
        assert 'data-code="release"' in page
        assert "Nightly" not in page
        assert "stands at or after" not in page
        assert "Nightly" not in read(client.get(URL, {"kind": "schedules"}))

    def test_it_is_one_click_from_home(self, root: Client, db: None) -> None:
        assert f'href="{URL}"' in read(root.get("/admin/"))


def test_many_changes_need_the_statements_of_a_few(root: Client, changed: Release, workflow: Workflow) -> None:
    ada = User.objects.create(username="ada")

    def add() -> None:
        log(ada, make_schedule(make_workflow(has_code=False), updated_at=now(), version=2))
        log(ada, make_task(workflow, status=TaskStatus.SUSPENDED, steps_version="f" * 32, position=1))
        log(ada, ada)

    add()
    root.get(URL)
    with recorded_statements() as of_few:
        root.get(URL)
    for number in range(MANY):
        add()
        deploy(f"r{number}", workflow, ago=timedelta(0))
    register(workflow, "Y A B")
    deploy("last", workflow, ago=timedelta(0))
    with recorded_statements() as of_many:
        page = read(root.get(URL))
    assert "61 tasks" in page or "62 tasks" in page or "63 tasks" in page
    # That of the release which the oldest one of the page took the place of is the one more.
    assert len(of_many) <= len(of_few) + 1 <= MOST_STATEMENTS, "\n".join(of_many)
