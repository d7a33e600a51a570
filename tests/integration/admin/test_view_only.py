"""Who may only look sees everything and changes nothing; whoever may nothing is told so; nobody unknown comes in.

The addresses are those that the admin has: one that is new is asked for as well.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now

from orchestrator_site.home.views import PARTS
from schedules.bulk_actions import Action
from schedules.models import Firing, FiringOutcome, Schedule
from tasks.models import Task, TaskStatus
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, page_url, read
from tests.integration.admin.test_changes_pages import deploy, log
from tests.support.admin_addresses import NOT_THERE, find_addresses
from tests.support.admin_rows import make_rows_at_rest
from tests.support.factories import NOW
from tests.support.page_contents import Contents, Form, read_contents

# Each of these asks for a few hundred pages.
pytestmark = pytest.mark.timeout(300)

# How the addresses end at which something is done, and nothing but that.
DOING = frozenset(
    {
        *("abort", "add", "answer", "backfill", "bulk", "change-pause", "delete", "describe", "duplicate", "freeze"),
        *("inputs", "load-initial", "pause", "place", "preview", "resume", "retry", "revoke", "run"),
        *("run-with-inputs", "unfreeze"),
    }
)
# One of each state, where a page shows them differently.
MOST_ROWS = 8
LOGIN, LOGOUT = "/admin/login/", "/admin/logout/"
# What everybody may send: it changes nothing but what is one's own.
OWN = frozenset({LOGOUT, "/admin/password_change/", "/admin/time-zone/"})
# These look at nothing, or need more than their address says.
NO_PAGES = frozenset({LOGIN, LOGOUT, "/admin/autocomplete/", "/admin/jsi18n/", *NOT_THERE})
# Whoever is led there by a login is led on to the list.
BULK = "/admin/schedules/schedule/bulk/"
# What has a list of its own.
MODELS = (
    "auth_group",
    "auth_user",
    "django_apscheduler_djangojob",
    "django_apscheduler_djangojobexecution",
    "knox_authtoken",
    "schedules_firing",
    "schedules_schedule",
    "schedules_schedulerprocess",
    "tasks_enginefreeze",
    "tasks_task",
    "tasks_workerprocess",
    "workflows_product",
    "workflows_release",
    "workflows_subscription",
    "workflows_workflow",
)
WHAT_PEOPLE_SEND: dict[str, Any] = {
    "post": "yes",
    "_do": "1",
    "all": "1",
    "reason": "Upgrade",
    "description": "Changed",
    "name": "Changed",
    "version": "1",
    "resume_at": "start",
    "password1": "a-pass-word-of-9",
    "password2": "a-pass-word-of-9",
}


@pytest.fixture
def everything(db: None) -> None:
    """Have something of everything, and tasks that came of a schedule."""
    make_rows_at_rest()
    robot = User.objects.get(username="robot")
    deploy("one")
    deploy("two")
    schedule = Schedule.objects.get(name="Nightly")
    Task.objects.update(schedule_id=schedule.pk, scheduled_for=NOW)
    Firing.objects.filter(outcome=FiringOutcome.STARTED).update(task_id=Task.objects.all()[0].pk)
    for row in (schedule, Task.objects.all()[0], robot, Group.objects.get()):
        log(robot, row)


@pytest.fixture
def addresses(everything: None) -> list[str]:
    """Return the addresses of the admin."""
    return find_addresses()


@pytest.fixture
def viewer(login: Login) -> Client:
    """Return the browser of somebody who may look at everything, and nothing else."""
    return login(*list_view_permissions())


def list_view_permissions() -> list[str]:
    found = Permission.objects.filter(codename__startswith="view_")
    return [f"{app}.{codename}" for app, codename in found.values_list("content_type__app_label", "codename")]


def take_snapshot() -> dict[str, list[Any]]:
    """Return all rows of all tables, but for who is logged in."""
    models = [model for model in apps.get_models() if model is not Session]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def send(client: Client, address: str, *, action: str = "pause") -> Any:
    """Send what all forms of the admin together would."""
    rows = [str(row.pk) for model in (Schedule, Task) for row in model._default_manager.all()]
    return client.post(address, {**WHAT_PEOPLE_SEND, "action": action, "ids": rows, "_selected_action": rows})


def is_for_doing(address: str) -> bool:
    last = urlsplit(address).path.strip("/").rpartition("/")[2]
    return last in DOING or bool(re.search(r"/user/\d+/password/$", address))


def is_harmless(form: Form) -> bool:
    """Tell whether a form changes nothing: Django puts one around every list and every page, with nothing to send."""
    return form.method == "get" or urlsplit(form.action).path in OWN or not (form.buttons or form.fields)


def shape_of(link: str) -> str:
    """Return what links have in common that differ by the row, or the moment, that they are about."""
    split = urlsplit(link)
    query = {name: re.sub(r"\d[\w.:+-]*", "…", value) for name, value in parse_qsl(split.query)}
    return f"{re.sub(r'/[0-9a-f-]*[0-9][0-9a-f-]*/', '/…/', split.path)}?{sorted(query.items())}"


def walk(client: Client, addresses: list[str]) -> dict[str, Contents]:
    """Return what is on each page that this user may open; where only a part is there, the page is elsewhere."""
    found = {}
    for address in addresses:
        answer = client.get(address, follow=True)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[address] = read_contents(answer.content.decode(), url=address)
    return found


def find_dead_ends(client: Client, pages: dict[str, Contents]) -> list[str]:
    """Return the links of pages, one of each shape, behind which there is no page for this user."""
    places: dict[str, tuple[str, str]] = {}
    for address, contents in pages.items():
        for link in sorted(contents.links | contents.parts):
            places.setdefault(shape_of(link), (link, address))
    dead = []
    for link, address in places.values():
        if link.startswith("/") and link not in pages:
            answer = client.get(link, follow=True, headers={"accept": "text/html,*/*"})
            dead += [] if answer.status_code == 200 else [f"{link} answers {answer.status_code}, on {address}"]
    return dead


def test_a_viewer_sees_every_page_and_nothing_to_press(viewer: Client, everything: None) -> None:
    addresses, before = find_addresses(most_rows=MOST_ROWS), take_snapshot()
    pages = walk(viewer, [address for address in addresses if address not in NO_PAGES])
    closed = [address for address in addresses if address not in pages and address not in NO_PAGES]
    assert [address for address in closed if not is_for_doing(address)] == []
    assert {address for address in pages if is_for_doing(address)} <= {BULK}
    to_press = {address: [form for form in page.forms if not is_harmless(form)] for address, page in pages.items()}
    assert {address: forms for address, forms in to_press.items() if forms} == {}
    assert {address: page.strays for address, page in pages.items() if page.strays} == {}
    assert find_dead_ends(viewer, pages) == []
    assert take_snapshot() == before, "looking changes nothing"


def test_whatever_a_viewer_sends_is_refused_and_changes_nothing(viewer: Client, addresses: list[str]) -> None:
    before = take_snapshot()
    answers = {address: send(viewer, address) for address in addresses if address not in OWN}
    open_ones = {address: answer.status_code for address, answer in answers.items() if is_for_doing(address)}
    assert {address: code for address, code in open_ones.items() if code != 403} == {}
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 403, 404, 405}
    for model in ("schedules_schedule", "tasks_task", "auth_user"):
        for action in ("delete_selected", "resume_selected"):
            send(viewer, list_url(model), action=action)
    for action in Action:
        assert send(viewer, BULK, action=action).status_code == 403
    assert take_snapshot() == before


def test_nobody_comes_in_without_a_login(client: Client, addresses: list[str]) -> None:
    before = take_snapshot()
    for address in addresses:
        if address in {LOGIN, LOGOUT}:
            continue
        for answer in (client.get(address), send(client, address)):
            assert (answer.status_code, urlsplit(answer["Location"]).path) == (302, LOGIN), address
    assert take_snapshot() == before


def test_who_has_no_permission_sees_no_page_and_is_told_so(login: Login, addresses: list[str]) -> None:
    before, nobody = take_snapshot(), login()
    pages = walk(nobody, [address for address in addresses if address not in NO_PAGES])
    own = {"/admin/", "/admin/search/", "/admin/password_change/done/", *OWN - {LOGOUT}}
    assert set(pages) == own | {f"/admin/home/{part}/" for part in PARTS}
    assert "permission" in read(nobody.get("/admin/"))
    assert find_dead_ends(nobody, pages) == []
    for address in addresses:
        if is_for_doing(address):
            assert send(nobody, address).status_code == 403, address
    after = take_snapshot()
    assert {label: rows for label, rows in after.items() if rows != before[label] and label != "auth.User"} == {}


@pytest.mark.parametrize("model", MODELS)
def test_who_may_see_one_thing_is_led_to_nothing_else(login: Login, addresses: list[str], model: str) -> None:
    app, _, name = model.rpartition("_")
    beginning = f"/admin/{app}/{name}/"
    user = login(f"{app}.view_{name}")
    pages = walk(user, ["/admin/", "/admin/forecast/", *(each for each in addresses if each.startswith(beginning))])
    assert list_url(model) in pages
    assert find_dead_ends(user, pages) == []


def test_nothing_is_done_without_the_token_against_forged_requests(root: Client, addresses: list[str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="root"))
    before = take_snapshot()
    assert {address: code for address in addresses if (code := send(strict, address).status_code) != 403} == {}
    assert take_snapshot() == before


def test_who_may_see_tasks_alone_reads_no_name_of_a_schedule(login: Login, everything: None) -> None:
    Schedule.objects.update(name="Hidden away")
    schedule, task = Schedule.objects.all()[0], Task.objects.filter(status=TaskStatus.FAILED)[0]
    Task.objects.filter(pk=task.pk).update(finished_at=now(), schedule_id=schedule.pk)
    user = login("tasks.view_task")
    of_schedule = f"{list_url('tasks_task')}?schedule_id={schedule.pk}"
    for address in ("/admin/", list_url("tasks_task"), of_schedule, page_url("tasks_task", task.pk)):
        assert "Hidden away" not in read(user.get(address)), address
    assert user.get(list_url("tasks_task"), {"q": "Hidden away"}).context["cl"].result_count == 0


def test_who_may_see_users_reads_nothing_of_groups_among_the_changes(login: Login, everything: None) -> None:
    page = read(login("workflows.view_release", "auth.view_user").get(list_url("workflows_release")))
    assert "robot" in page
    assert "Operators" not in page
