"""The page that explains why a schedule fires or not."""

import pytest
from django.test import Client
from django.urls import reverse

from schedules.models import Schedule
from tasks.models import Task
from tests.integration.admin.conftest import Login
from tests.integration.admin.support import page_url, read
from tests.integration.schedules.explained import deleted, hourly, nightly, turn
from tests.integration.schedules.explanation_table import NINE

UNKNOWN_ID = "0196f2a0-0000-7000-8000-000000000000"
ANSWER = 'id="explanation"'


@pytest.fixture
def fired(db: None) -> Schedule:
    return turn(hourly(name="Nightly <sync>"))


def url(schedule: Schedule) -> str:
    return reverse("admin:schedules_schedule_explain", args=[schedule.pk])


def test_the_page_of_a_schedule_leads_to_it(root: Client, fired: Schedule) -> None:
    assert f'href="{url(fired)}"' in read(root.get(page_url("schedules_schedule", fired.pk)))


def test_it_shows_the_verdict_the_checks_and_where_to_look(root: Client, fired: Schedule) -> None:
    answer = root.get(url(fired), {"at": NINE})
    page = read(answer)
    for shown in (
        "Nightly <sync> at 2027-03-01 09:00:00 UTC",
        "A task was started for it at 2027-03-01 09:00:00Z",
        "The task is created on the queue",
        "What has to be so for it to fire",
        page_url("tasks_task", Task.objects.get().pk),
        "/admin/schedules/firing/",
        'value="2027-03-01T09:00:00"',
        'type="datetime-local"',
        f"{url(fired)}?at=2027-03-01T10%3A00%3A00%2B00%3A00",
    ):
        assert shown in page, shown
    assert "<sync>" not in answer.content.decode()


def test_without_a_moment_it_explains_now(root: Client, fired: Schedule) -> None:
    assert ANSWER in read(root.get(url(fired)))
    assert ANSWER in read(root.get(url(fired), {"at": ""}))


def test_the_form_takes_what_the_clocks_of_the_schedule_show(root: Client) -> None:
    page = read(root.get(url(nightly("2027-03-28T01:00:00Z")), {"at": "2027-03-28T02:30"}))
    assert "Moment on the clocks of Europe/Amsterdam" in page
    assert 'value="2027-03-28T03:00:00"' in page


def test_what_is_no_moment_is_an_error_of_its_field(root: Client, fired: Schedule) -> None:
    page = read(root.get(url(fired), {"at": "soon"}))
    assert "'at' is 'soon'; give an ISO 8601 moment" in page
    assert ANSWER not in page


def test_a_deleted_schedule_is_explained_and_one_that_never_was_is_not(root: Client, fired: Schedule) -> None:
    assert "A task was started for it" in read(root.get(url(deleted(fired)), {"at": NINE}))
    assert root.get(f"/admin/schedules/schedule/{UNKNOWN_ID}/explain/").status_code == 404


def test_a_stranger_sees_nothing(login: Login, fired: Schedule) -> None:
    assert login("tasks.view_task").get(url(fired)).status_code == 403


def test_a_viewer_of_schedules_sees_neither_firing_nor_task(login: Login, fired: Schedule) -> None:
    page = read(login("schedules.view_schedule").get(url(fired), {"at": NINE}))
    assert "A task was started for it" in page
    assert "/admin/tasks/task/" not in page
    assert "/admin/schedules/firing/" not in page
