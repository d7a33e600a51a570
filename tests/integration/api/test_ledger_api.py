"""The ledger by its filters, page after page: `/api/firings` and `/api/schedules/{id}/firings`."""

from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, Schedule
from tasks.models import EngineFreeze
from tests.integration.api.support import UNKNOWN_ID, read_moment, read_problem, store_firing, store_schedule
from tests.support.factories import HOUR, NOW, SECOND, make_schedule

pytestmark = pytest.mark.django_db


def ids(rows: list[Firing]) -> list[str]:
    return [str(row.pk) for row in rows]


def found(client: APIClient, **query: Any) -> list[str]:
    answer = client.get(f"/api/firings?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200, answer.content
    return [each["firing_id"] for each in answer.json()["results"]]


def walk(client: APIClient, url: str | None, link: str) -> list[list[str]]:
    """Return the ids on each page, following `link` to the end."""
    pages = []
    while url is not None:
        answer: dict[str, Any] = client.get(url).json()
        pages.append([each["firing_id"] for each in answer["results"]])
        assert len(pages) < 30, "the pages have no end"
        url = answer[link]
    return pages


def last_page(client: APIClient, url: str) -> str:
    """Return the address of the last page."""
    while following := client.get(url).json()["next"]:
        url = following
    return url


class TestFilters:
    def test_outcomes_and_causes_are_separated_by_commas_or_repeated(self, client: APIClient) -> None:
        schedule = store_schedule()
        rows = {
            outcome: store_firing(schedule, scheduled_for=NOW + number * HOUR, outcome=outcome)
            for number, outcome in enumerate(("started", "missed", "error", "skipped_overlap"))
        }
        by_hand = store_firing(schedule, cause="manual")
        assert found(client, outcome="missed,error") == ids([rows["error"], rows["missed"]])
        assert found(client, outcome=["missed", "error"]) == ids([rows["error"], rows["missed"]])
        assert found(client, outcome="started,error") == ids([by_hand, rows["error"], rows["started"]])
        assert found(client, cause="manual,catchup") == ids([by_hand])
        assert found(client, cause="schedule", outcome="started") == ids([rows["started"]])
        assert len(found(client, outcome="", cause="")) == 5

    def test_a_name_is_found_by_a_part_of_it_and_a_task_by_its_id(self, client: APIClient) -> None:
        nightly, weekly = store_firing(store_schedule()), store_firing(store_schedule(name="Weekly 100%"))
        Firing.objects.filter(pk=nightly.pk).update(task_id=weekly.pk)
        assert found(client, schedule_name="WEEK") == ids([weekly])
        assert found(client, schedule_name="0%") == ids([weekly])
        assert found(client, schedule_name="_") == []
        assert found(client, task_id=weekly.pk) == ids([nightly])
        assert found(client, task_id=nightly.pk) == []

    def test_lateness_is_at_least_what_is_asked_for(self, client: APIClient) -> None:
        schedule = store_schedule()
        rows = [store_firing(schedule, scheduled_for=NOW + n * HOUR, lateness_ms=n) for n in (0, 999, 1000, 1001)]
        assert found(client, late_by_ms=1000) == ids([rows[3], rows[2]])
        assert len(found(client, late_by_ms=0)) == 4

    def test_a_range_of_decisions_has_its_first_moment_and_not_its_last(self, client: APIClient) -> None:
        schedule = store_schedule()
        rows = [store_firing(schedule, scheduled_for=NOW + n * HOUR, decided_at=NOW + n * HOUR) for n in range(4)]
        begin, end = (NOW + HOUR).isoformat(), (NOW + 3 * HOUR).isoformat()
        assert found(client, decided_from=begin, decided_to=end) == ids([rows[2], rows[1]])
        assert found(client, decided_from=begin) == ids(rows[:0:-1])
        assert found(client, decided_to=end) == ids(rows[2::-1])

    def test_a_range_of_instants_is_in_their_order_whenever_they_were_decided(self, client: APIClient) -> None:
        schedule = store_schedule()
        hours = (2, 0, 3, 1)  # as they were decided
        rows = {hour: store_firing(schedule, scheduled_for=NOW + hour * HOUR) for hour in hours}
        begin, end = (NOW + HOUR).isoformat(), (NOW + 3 * HOUR).isoformat()
        assert found(client, scheduled_from=begin, scheduled_to=end) == ids([rows[2], rows[1]])
        assert found(client, scheduled_from=begin) == ids([rows[3], rows[2], rows[1]])
        assert found(client, scheduled_to=end) == ids([rows[2], rows[1], rows[0]])
        assert found(client, scheduled_to=end, decided_from=rows[0].decided_at.isoformat()) == ids([rows[1], rows[0]])

    def test_a_row_that_stands_for_many_counts_when_it_reaches_into_the_range(self, client: APIClient) -> None:
        schedule = store_schedule()
        many = store_firing(schedule, scheduled_for=NOW, last_scheduled_for=NOW + 5 * HOUR, count=300, outcome="missed")
        inside = store_firing(schedule, scheduled_for=NOW + 4 * HOUR)

        def between(begin: datetime, end: datetime) -> list[str]:
            return found(client, scheduled_from=begin.isoformat(), scheduled_to=end.isoformat())

        assert between(NOW + 3 * HOUR, NOW + 9 * HOUR) == ids([inside, many])
        assert between(NOW + 5 * HOUR, NOW + 6 * HOUR) == ids([many])
        assert between(NOW + 5 * HOUR + SECOND, NOW + 6 * HOUR) == []
        assert between(NOW - HOUR, NOW + SECOND) == ids([many])
        assert between(NOW - HOUR, NOW) == []

    def test_the_history_of_a_schedule_takes_the_same_filters(self, client: APIClient) -> None:
        one, other = store_schedule(), store_schedule()
        missed = store_firing(one, scheduled_for=NOW, outcome="missed")
        store_firing(one, scheduled_for=NOW + HOUR)
        store_firing(other, scheduled_for=NOW, outcome="missed")
        path = f"/api/schedules/{one.pk}/firings"
        for query in ("outcome=missed", f"scheduled_to={quote((NOW + SECOND).isoformat())}"):
            assert [each["firing_id"] for each in client.get(f"{path}?{query}").json()["results"]] == ids([missed])
        assert client.get(f"{path}?schedule_id={other.pk}").json()["results"] == []

    @pytest.mark.parametrize(
        ("query", "field", "phrase"),
        [
            ("outcome=missed,fired", "outcome", "'fired' is not known; known are started"),
            ("scheduled_from=2027-03-01", "scheduled_from", "no moment with an offset"),
            ("decided_to=2027-03-01T09:00:00 01:00", "decided_to", "in an address, + is written %2B"),
            ("late_by_ms=-1", "late_by_ms", "greater than or equal to 0"),
            ("late_by_ms=1.5", "late_by_ms", "whole number"),
            (
                "scheduled_from=2027-03-02T00:00:00Z&scheduled_to=2027-03-01T00:00:00Z",
                "scheduled_to",
                "2027-03-01T00:00:00Z is not after 2027-03-02T00:00:00Z, where the range begins",
            ),
        ],
    )
    def test_what_cannot_be_is_named(self, client: APIClient, query: str, field: str, phrase: str) -> None:
        [error] = read_problem(client.get(f"/api/firings?{query}"), 400)["errors"]
        assert error["field"] == field
        assert phrase in error["detail"]


class TestPages:
    @pytest.fixture
    def rows(self, db: None) -> list[Firing]:
        """Store 23 rows, of which some share an instant and a moment of decision, and two stand for many."""
        stored = []
        for number in range(23):
            moment = NOW + number // 3 * HOUR
            many = {"last_scheduled_for": moment + HOUR, "count": 101} if number in {4, 9} else {}
            stored.append(store_firing(store_schedule(), scheduled_for=moment, decided_at=moment, **many))
        return stored

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"decided_from": (NOW + HOUR).isoformat(), "decided_to": (NOW + 7 * HOUR).isoformat()},
            {"scheduled_from": (NOW + 3 * HOUR).isoformat()},
            {"scheduled_from": (NOW + 4 * HOUR).isoformat(), "scheduled_to": (NOW + 6 * HOUR).isoformat()},
            {"scheduled_to": (NOW + 7 * HOUR).isoformat(), "outcome": "started", "cause": "schedule"},
        ],
    )
    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_the_links_walk_the_whole_list_once_and_back(
        self, client: APIClient, rows: list[Firing], query: dict[str, str], size: int
    ) -> None:
        whole = found(client, **query)
        assert len(whole) > 4
        first = f"/api/firings?{urlencode({**query, 'page_size': size})}"
        pages = walk(client, first, "next")
        assert list(chain.from_iterable(pages)) == whole
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        back = walk(client, last_page(client, first), "previous")
        assert list(chain.from_iterable(reversed(back))) == whole

    def test_rows_that_are_added_meanwhile_move_nothing(self, client: APIClient, rows: list[Firing]) -> None:
        following = client.get("/api/firings?page_size=10").json()["next"]
        added = store_firing(store_schedule())
        second = client.get(following).json()
        assert [each["firing_id"] for each in second["results"]] == ids(rows[12:2:-1])
        newest = walk(client, second["previous"], "previous")
        assert newest[0] == ids(rows[:12:-1])
        assert newest[1] == ids([added])

    def test_a_page_by_number_is_taken_too(self, client: APIClient, rows: list[Firing]) -> None:
        answer = client.get("/api/firings?page=2&page_size=10").json()
        assert [each["firing_id"] for each in answer["results"]] == ids(rows[12:2:-1])
        assert "page=3" in answer["next"]
        assert "page=1" in answer["previous"]

    def test_the_count_is_of_all_pages(self, client: APIClient, rows: list[Firing]) -> None:
        answer = client.get(f"/api/firings?count=true&page_size=5&older_than={rows[9].pk}").json()
        assert answer["count"] == 23

    @pytest.mark.parametrize(
        ("query", "field", "phrase"),
        [
            ("older_than=x", "older_than", "the id of a row, as the links `next` and `previous` have it, not 'x'"),
            ("newer_than=", "newer_than", "the id of a row"),
            (f"page=2&older_than={UNKNOWN_ID}", "older_than", "give 'page' or 'older_than', not both"),
            (f"newer_than={UNKNOWN_ID}&older_than={UNKNOWN_ID}", "newer_than", "not both"),
            (
                f"decided_from=2027-03-01T00:00:00Z&older_than={UNKNOWN_ID}",
                "older_than",
                "leave it out, to begin again",
            ),
            (
                f"scheduled_from=2027-03-01T00:00:00Z&newer_than={UNKNOWN_ID}",
                "newer_than",
                "leave it out, to begin again",
            ),
        ],
    )
    def test_a_place_that_cannot_be_is_named(self, client: APIClient, query: str, field: str, phrase: str) -> None:
        [error] = read_problem(client.get(f"/api/firings?{query}"), 400)["errors"]
        assert error["field"] == field
        assert phrase in error["detail"]


class TestUnsettled:
    def unsettled(self, client: APIClient, schedule: Schedule, query: str = "") -> Any:
        return client.get(f"/api/schedules/{schedule.pk}/firings{query}").json()["unsettled"]

    def test_it_is_null_while_nothing_holds_the_schedule(self, client: APIClient) -> None:
        assert self.unsettled(client, make_schedule(next_run_at=NOW)) is None

    def test_what_passes_in_a_freeze_is_told_before_it_is_settled(self, client: APIClient) -> None:
        begin = database_now().replace(minute=0, second=0, microsecond=0) - 3 * HOUR
        schedule = make_schedule(next_run_at=begin)
        EngineFreeze.objects.create(started_at=begin, started_by="ada", reason="maintenance", in_force=True)
        shown = self.unsettled(client, schedule)
        assert read_moment(shown.pop("from")) == begin
        assert read_moment(shown.pop("to")) == begin + 3 * HOUR
        assert shown.pop("reason").startswith("the engine was frozen by ada since ")
        assert shown == {"count": 4, "outcome": "skipped_frozen"}

    def test_only_the_first_page_has_it(self, client: APIClient) -> None:
        schedule = make_schedule()
        row = store_firing(schedule)
        path = f"/api/schedules/{schedule.pk}/firings"
        assert "unsettled" not in client.get(f"{path}?older_than={row.pk}").json()
        assert "unsettled" not in client.get(f"{path}?page=2").json()
        assert "unsettled" in client.get(f"{path}?page=1&page_size=1").json()
        assert "unsettled" not in client.get("/api/firings").json()
