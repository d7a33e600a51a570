"""The engine: freezing and unfreezing it, the banner above every page, past freezes, and the workers."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.version import VERSION
from schedules.processes import see_process
from tasks.deploys import register_worker, version_of
from tasks.freezing import current_freeze, freeze_engine, unfreeze_engine
from tasks.models import EngineFreeze, TaskStatus, WorkerProcess
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, list_url, page_url, read, read_messages
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_step, make_task, make_workflow, register_code
from workflows.registry import ALL_WORKFLOWS, get_definition

ENGINE = list_url("tasks_enginefreeze")
FREEZE, UNFREEZE = f"{ENGINE}freeze/", f"{ENGINE}unfreeze/"
BANNER = 'id="engine-banner"'
# The first page of all says it in its own way.
ZONE_PAGE = "/admin/time-zone/"


def freeze(reason: str = "Upgrade of <NSO>", **fields: object) -> EngineFreeze:
    return freeze_engine(reason=reason, actor="somebody", **fields)  # type: ignore[arg-type]


def test_the_engine_is_frozen_with_a_reason_and_unfrozen(root: Client, db: None) -> None:
    page = read(root.get(ENGINE))
    assert "The engine runs" in page
    assert f'action="{FREEZE}"' in page
    assert UNFREEZE not in page
    answer = root.post(FREEZE, {"reason": "Upgrade of <NSO>", "until": ""}, follow=True)
    assert "The engine is frozen" in read_messages(answer)
    found = current_freeze(now=database_now())
    assert found is not None
    assert (found.reason, found.started_by, found.until) == ("Upgrade of <NSO>", "root", None)
    page = read(answer)
    assert "The engine is frozen by root since" in page
    assert page.count("The engine is frozen by root since") == 2, "above the page, and on it"
    assert "Upgrade of <NSO>" in page
    assert "<NSO>" not in answer.content.decode()
    assert "The engine runs again." in read_messages(root.post(UNFREEZE, follow=True))
    assert current_freeze(now=database_now()) is None
    assert "was not frozen any more" in read_messages(root.post(UNFREEZE, follow=True))
    assert EngineFreeze.objects.get().ended_by == "root"


def test_a_freeze_ends_by_itself_at_its_until_in_the_zone_of_the_site(root: Client, db: None) -> None:
    root.post(FREEZE, {"reason": "Upgrade", "until": "2099-03-01T10:30"})
    found = EngineFreeze.objects.get()
    assert found.until is not None
    assert f"{found.until:%Y-%m-%d %H:%M}" == "2099-03-01 10:30"
    assert "until 2099-03-01 10:30:00 UTC" in read(root.get(ENGINE))


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"reason": " "}, "reason", "This field is required"),
        ({"reason": "x" * 1_001}, "reason", "at most 1000 characters"),
        ({"reason": "Upgrade", "until": "2020-01-01T00:00"}, "until", "has passed"),
        ({"reason": "Upgrade", "until": "soon"}, "until", "valid date/time"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_frozen(
    root: Client, db: None, sent: dict[str, str], field: str, message: str
) -> None:
    answer = root.post(FREEZE, sent)
    assert answer.context["freeze_form"].errors.keys() == {field}
    page = read(answer)
    assert message in page
    assert f'value="{sent["reason"].strip()}"' in page or field == "reason"
    assert not EngineFreeze.objects.exists()


def test_reason_and_end_of_a_freeze_are_changed(root: Client, db: None) -> None:
    freeze("first")
    assert 'value="first"' in read(root.get(ENGINE))
    root.post(FREEZE, {"reason": "second", "until": "2099-03-01T10:30"})
    assert EngineFreeze.objects.get().reason == "second"
    assert 'value="2099-03-01T10:30:00"' in read(root.get(ENGINE))


def test_freezing_needs_its_permission(login: Login, db: None) -> None:
    viewer = login("tasks.view_enginefreeze")
    page = read(viewer.get(ENGINE))
    assert FREEZE not in page
    assert viewer.post(FREEZE, {"reason": "Upgrade"}).status_code == 403
    freeze()
    assert UNFREEZE not in read(viewer.get(ENGINE))
    assert viewer.post(UNFREEZE).status_code == 403
    assert current_freeze(now=database_now()) is not None
    User.objects.all().delete()
    operator = login("tasks.freeze_engine")
    assert ENGINE in read(operator.get("/admin/"))
    assert UNFREEZE in read(operator.get(ENGINE)), "it may be looked at by whoever may do it"
    assert operator.post(UNFREEZE).status_code == 302
    assert operator.post(FREEZE, {"reason": "Upgrade"}).status_code == 302
    assert current_freeze(now=database_now()) is not None


def test_nobody_freezes_by_following_a_link_and_nobody_else_sees_the_page(login: Login, root: Client) -> None:
    assert root.get(FREEZE).status_code == root.get(UNFREEZE).status_code == 405
    assert login("tasks.view_task").get(ENGINE).status_code == 403


def test_past_freezes_are_listed_and_nobody_writes_them(root: Client, db: None) -> None:
    freeze("the first one")
    unfreeze_engine(actor="another one")
    ran_out = freeze("the second one")
    until = NOW - timedelta(days=3000)
    EngineFreeze.objects.filter(pk=ran_out.pk).update(until=until)
    page = read(root.get(ENGINE))
    for shown in ("the first one", "another one", "the second one", "its end"):
        assert shown in page
    assert page.count(f"{until:%Y-%m-%d %H:%M:%S} UTC") == 2, "when it was to end, and when it did"
    assert root.get(f"{ENGINE}add/").status_code == 404
    assert root.get(f"{ENGINE}{ran_out.pk}/change/").status_code == 404


def test_every_page_of_the_admin_has_the_banner_while_the_engine_is_frozen(login: Login, db: None) -> None:
    task = make_task()
    viewer = login("tasks.view_task", "tasks.start_task")
    pages = (ZONE_PAGE, list_url("tasks_task"), page_url("tasks_task", task.pk), add_url("tasks_task"))
    assert [BANNER in read(viewer.get(page)) for page in pages] == [False] * 4
    freeze()
    assert [BANNER in read(viewer.get(page)) for page in pages] == [True] * 4
    assert "The engine is frozen by somebody since" in read(viewer.get(ZONE_PAGE))
    EngineFreeze.objects.update(until=NOW - timedelta(days=3000))
    assert BANNER not in read(viewer.get(ZONE_PAGE))


def test_the_banner_costs_one_statement_and_only_on_pages_that_are_shown(root: Client, db: None) -> None:
    task = make_task()
    urls = {
        ZONE_PAGE: 1,
        page_url("tasks_task", task.pk): 1,
        "/admin/logout/": 0,
        "/health/live": 0,
        "/admin/jsi18n/": 0,
    }
    for url, most in urls.items():
        with recorded_statements() as statements:
            root.get(url)
        assert sum("tasks_enginefreeze" in statement for statement in statements) == most, url


def test_people_who_are_not_logged_in_are_told_nothing(client: Client, db: None) -> None:
    freeze()
    page = read(client.get("/admin/login/"))
    assert BANNER not in page
    assert "<NSO>" not in page


def test_workers_are_listed_as_alive_or_stale(root: Client, db: None) -> None:
    now = database_now()
    for name, seconds in (("fresh", 5), ("old", 31)):
        register_worker(name=name, host="node-1", pid=7, versions=[], now=now)
        WorkerProcess.objects.filter(pk=name).update(last_seen_at=now - timedelta(seconds=seconds))
    page = " ".join(read(root.get(list_url("tasks_workerprocess"))).split())
    fresh, old = page.split(">fresh<")[1].split("</tr>")[0], page.split(">old<")[1].split("</tr>")[0]
    assert "<span>alive</span>" in fresh
    assert "<span>stale</span>" in old
    assert "node-1" in fresh


def test_workers_show_what_they_run_now_to_those_who_may_see_it(root: Client, login: Login) -> None:
    now = database_now()
    for name in ("busy", "idle"):
        register_worker(name=name, host="node-1", pid=7, versions=[], now=now)
    workflow = make_workflow(name="task_long")
    tasks = [make_task(workflow, status=TaskStatus.RUNNING, worker="busy") for _ in range(6)]
    make_task(workflow, status=TaskStatus.FAILED, worker="idle")
    page = " ".join(read(root.get(list_url("tasks_workerprocess"))).split())
    busy, idle = page.split(">busy<")[1].split("</tr>")[0], page.split(">idle<")[1].split("</tr>")[0]
    assert [page_url("tasks_task", task.pk) in busy for task in tasks] == [True] * 5 + [False]
    assert "and 1 more" in busy
    assert "task_long" not in idle
    assert page_url("tasks_task", tasks[0].pk) in read(root.get(page_url("tasks_workerprocess", "busy")))
    viewer = login("tasks.view_workerprocess")
    for url in (list_url("tasks_workerprocess"), page_url("tasks_workerprocess", "busy")):
        assert "task_long" not in read(viewer.get(url))


def test_a_past_freeze_says_how_long_it_lasted(root: Client, db: None) -> None:
    ended = {"ended_at": NOW + timedelta(minutes=5), "ended_by": "root", "in_force": None}
    EngineFreeze.objects.create(started_at=NOW, started_by="root", reason="Upgrade", **ended)
    assert ">5 min 0 s<" in read(root.get(ENGINE))


def test_the_page_of_a_worker_compares_its_versions_with_those_here(root: Client, db: None) -> None:
    same, other, gone = (make_workflow(name=f"task_{name}") for name in ("same", "other", "gone"))
    versions = [version_of(get_definition(each.name)) for each in (same, other, gone)]
    register_worker(name="host:1", host="host", pid=1, versions=versions, now=database_now())
    register_code(other.name, [make_step("New", lambda: None)])
    del ALL_WORKFLOWS[gone.name]
    page = " ".join(read(root.get(page_url("tasks_workerprocess", "host_3A1"))).split())
    rows = {row.split("</td>")[0].split("<td>")[1]: row for row in page.split("<tr>")[1:] if "task_" in row}
    assert "as on this web server" in rows["task_same"]
    assert versions[0].id in rows["task_same"]
    assert "another than on this web server" in rows["task_other"]
    assert "no code of it on this web server" in rows["task_gone"]
    assert root.post(page_url("tasks_workerprocess", "host_3A1"), {}).status_code == 403


def test_schedulers_are_listed_with_their_state(root: Client, db: None) -> None:
    now = database_now()
    for name, seen, ticked in (("busy", 5, 10), ("hung", 5, 61), ("old", 31, 31)):
        see_process(
            name=name,
            now=now - timedelta(seconds=seen),
            last_tick_at=now - timedelta(seconds=ticked),
            firings_per_minute=1234,
        )
    page = " ".join(read(root.get(list_url("schedules_schedulerprocess"))).split())
    rows = {name: page.split(f">{name}<")[1].split("</tr>")[0] for name in ("busy", "hung", "old")}
    assert "<span>alive</span>" in rows["busy"]
    assert "<span>stuck</span>" in rows["hung"]
    assert "<span>stale</span>" in rows["old"]
    assert "1234" in rows["busy"]
    assert VERSION in rows["busy"]


def test_the_page_of_a_scheduler_is_only_read(root: Client, db: None) -> None:
    see_process(name="host:1", now=database_now(), last_tick_at=None, firings_per_minute=0)
    page = " ".join(read(root.get(page_url("schedules_schedulerprocess", "host_3A1"))).split())
    assert "<span>alive</span>" in page
    assert root.post(page_url("schedules_schedulerprocess", "host_3A1"), {}).status_code == 403
