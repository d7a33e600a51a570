"""What all lists share: pages, the count, and parameters that are refused by name."""

from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from tests.integration.api.support import UNKNOWN_ID, read_problem, store_firing, store_schedule
from tests.support.factories import make_task, make_workflow

pytestmark = pytest.mark.django_db

LISTS = ["/api/schedules", "/api/schedulers", "/api/tasks", "/api/firings", "/api/workflows"]


@pytest.fixture(params=[*LISTS, "/api/schedules/{schedule}/firings"])
def path(request: pytest.FixtureRequest, db: None) -> str:
    """Return the path of each list, one after the other."""
    text: str = request.param
    return text.format(schedule=store_schedule().pk) if "{" in text else text


def make_tasks(number: int) -> list[str]:
    """Store tasks and return their ids as the list has them, the newest first."""
    workflow = make_workflow()
    return [str(make_task(workflow).pk) for _ in range(number)][::-1]


def walk(client: APIClient, url: str | None, link: str) -> list[list[str]]:
    """Return the ids on each page, following `link` to the end."""
    pages = []
    while url is not None:
        answer: dict[str, Any] = client.get(url).json()
        pages.append([each["task_id"] for each in answer["results"]])
        assert len(pages) < 20, "the pages have no end"
        url = answer[link]
    return pages


class TestPages:
    def test_next_walks_the_whole_list_once(self, client: APIClient) -> None:
        ids = make_tasks(23)
        pages = walk(client, "/api/tasks?page_size=10", "next")
        assert [len(page) for page in pages] == [10, 10, 3]
        assert list(chain.from_iterable(pages)) == ids

    def test_previous_walks_it_back(self, client: APIClient) -> None:
        ids = make_tasks(23)
        pages = walk(client, "/api/tasks?page_size=10&page=3", "previous")
        assert list(chain.from_iterable(reversed(pages))) == ids

    def test_a_list_that_fills_its_last_page_has_no_empty_one_after_it(self, client: APIClient) -> None:
        make_tasks(20)
        assert [len(page) for page in walk(client, "/api/tasks?page_size=10", "next")] == [10, 10]

    def test_the_links_keep_the_filters(self, client: APIClient) -> None:
        make_tasks(3)
        wanted = make_tasks(5)
        name = client.get(f"/api/tasks/{wanted[0]}").json()["workflow_name"]
        pages = walk(client, f"/api/tasks?workflow_name={name}&page_size=2&count=true", "next")
        assert list(chain.from_iterable(pages)) == wanted

    def test_a_page_past_the_end_is_empty_and_leads_back(self, client: APIClient) -> None:
        make_tasks(3)
        answer = client.get("/api/tasks?page=7&page_size=2").json()
        assert (answer["results"], answer["next"]) == ([], None)
        assert "page=6" in answer["previous"]

    def test_a_hundred_are_on_a_page_unless_asked_otherwise(self, client: APIClient) -> None:
        make_tasks(101)
        assert [len(page) for page in walk(client, "/api/tasks", "next")] == [100, 1]
        assert [len(page) for page in walk(client, "/api/tasks?page_size=1000", "next")] == [101]

    def test_the_count_is_answered_when_asked_for(self, client: APIClient) -> None:
        make_tasks(5)
        assert client.get("/api/tasks?count=true&page_size=2").json()["count"] == 5
        assert client.get("/api/tasks?count=true&status=failed").json()["count"] == 0
        assert "count" not in client.get("/api/tasks?count=false").json()
        assert "count" not in client.get("/api/tasks").json()

    @pytest.mark.parametrize(
        "query",
        ["/api/schedules", "/api/schedulers", "/api/tasks", "/api/firings", "/api/workflows?target=VALIDATE"],
    )
    def test_an_empty_list_is_a_page(self, client: APIClient, query: str) -> None:
        answer = client.get(query)
        assert answer.status_code == 200
        assert answer.json() == {"next": None, "previous": None, "results": []}

    def test_the_firings_of_a_schedule_come_in_pages_too(self, client: APIClient) -> None:
        schedule = store_schedule()
        for _ in range(3):
            store_firing(schedule, cause="manual")
        first = client.get(f"/api/schedules/{schedule.pk}/firings?page_size=2&count=true").json()
        assert (first["count"], len(first["results"])) == (3, 2)
        second = client.get(first["next"]).json()
        assert len(second["results"]) == 1
        ids = {each["firing_id"] for each in [*first["results"], *second["results"]]}
        assert len(ids) == 3


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value", "phrase"),
        [
            *(
                ("page_size", value, "a number from 1 to 1000")
                for value in ("0", "1001", "-1", "ten", "1.5", "", "\uff11")
            ),
            *(("page", value, "a number from 1 to 1000000") for value in ("0", "1000001", "-1", "9" * 5000, " 1")),
            *(("count", value, "'true' or 'false'") for value in ("yes", "True", "1", "")),
            ("page_sise", "10", "did you mean 'page_size'?"),
            ("format", "json", "unknown parameter"),
            ("format", "xml", "unknown parameter"),
            ("ordering", "name", "known are"),
        ],
    )
    def test_a_parameter_that_cannot_be_is_named(
        self, client: APIClient, path: str, name: str, value: str, phrase: str
    ) -> None:
        problem = read_problem(client.get(f"{path}?{name}={quote(value)}"), 400)
        [error] = problem["errors"]
        assert error["field"] == name
        assert error["value"] == (value if len(value) <= 200 else value[:200] + "…")
        assert phrase in error["detail"]

    @pytest.mark.parametrize(
        ("query", "field", "phrase"),
        [
            ("/api/schedules?state=off", "state", "'off' is not known; known are active, paused, finished, broken"),
            ("/api/schedules?trigger=crn", "trigger", "known are interval, cron, date"),
            ("/api/schedules?name=%00", "name", "Null characters are not allowed"),
            ("/api/schedules?nam=x", "nam", "did you mean 'name'?"),
            ("/api/tasks?status=done", "status", "known are created, running"),
            ("/api/tasks?schedule_id=nightly", "schedule_id", "valid UUID"),
            ("/api/firings?outcome=fired", "outcome", "known are started, queued"),
            ("/api/firings?cause=cron", "cause", "known are schedule, catchup, backfill, manual"),
            ("/api/firings?schedule_id=1", "schedule_id", "valid UUID"),
            ("/api/firings?task_id=1", "task_id", "valid UUID"),
            (f"/api/schedules?task_id={UNKNOWN_ID}", "task_id", "unknown parameter"),
            ("/api/workflows?target=TASK", "target", "known are"),
            ("/api/workflows?is_task=maybe", "is_task", "'maybe' is not known; known are true, false"),
        ],
    )
    def test_a_filter_that_cannot_be_is_named(self, client: APIClient, query: str, field: str, phrase: str) -> None:
        problem = read_problem(client.get(query), 400)
        [error] = problem["errors"]
        assert error["field"] == field
        assert phrase in error["detail"]
        assert error["value"] is not None

    def test_all_bad_filters_are_named_at_once(self, client: APIClient) -> None:
        problem = read_problem(client.get("/api/tasks?status=done&schedule_id=x"), 400)
        assert {error["field"] for error in problem["errors"]} == {"status", "schedule_id"}
