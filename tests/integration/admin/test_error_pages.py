"""What is said when there is no page: in the frame of the admin to those who work there, else on a bare one."""

from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orchestrator_site import admin_pages
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import list_url, verb_url
from tests.support.factories import make_schedule

FRAME = 'id="nav-sidebar"'


def test_what_is_not_there_is_said_in_the_frame(root: Client) -> None:
    answer = root.get("/admin/no/such/page/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "There is nothing here\n | Orchestrator scheduler</title>" in page
    assert FRAME in page


def test_what_one_may_not_do_is_said_in_the_frame_with_what_one_may(login: Login) -> None:
    answer = login("tasks.view_task").get(list_url("schedules_schedule"))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "You may not do this" in page
    assert FRAME in page
    assert list_url("tasks_task") in page
    assert f'href="{list_url("schedules_schedule")}"' not in page


def test_a_form_without_its_token_says_that_nothing_was_changed(root: Client) -> None:
    schedule = make_schedule()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    answer = strict.post(verb_url("schedules_schedule", "run", schedule.pk))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was changed" in page
    assert FRAME in page


def test_when_the_site_has_failed_nothing_more_is_asked_of_the_database(root: Client) -> None:
    root.raise_request_exception = False
    asked_before: list[int] = []

    def fail(*_: object) -> None:
        asked_before.append(len(captured))
        raise RuntimeError("secret")

    with CaptureQueriesContext(connection) as captured, mock.patch.object(admin_pages, "choose_zone", fail):
        answer = root.get("/admin/time-zone/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "The server failed to answer" in page
    assert "secret" not in page
    assert asked_before == [len(captured)]


@pytest.mark.parametrize("path", ["/nothing", "/health/nothing"])
def test_elsewhere_the_page_is_bare_and_under_the_strict_policy(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "There is nothing here" in page
    assert FRAME not in page
    assert "unsafe" not in answer["Content-Security-Policy"]
    for inline in ("<script", "<style", "style=", path):
        assert inline not in page


def test_people_who_do_not_work_in_the_admin_are_asked_to_log_in(client: Client, db: None) -> None:
    assert client.get("/admin/no/such/page/").status_code == 302


def test_a_host_that_is_not_ours_gets_a_bare_page(root: Client) -> None:
    answer = root.get("/admin/", headers={"host": "evil.example.org"})
    assert answer.status_code == 400
    assert FRAME not in answer.content.decode()
    assert "evil" not in answer.content.decode()


def test_the_interface_answers_with_problems_as_before(root: Client) -> None:
    answer = root.get("/api/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
