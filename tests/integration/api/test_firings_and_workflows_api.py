"""`/api/firings`, `/api/schedules/{id}/firings` and `/api/workflows`: lists that are only read."""

from datetime import timedelta
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import FiringCause, FiringOutcome
from tests.integration.api.support import UNKNOWN_ID, read_moment, read_problem, store_firing, store_schedule
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_workflow
from workflows.engine import Target
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


class TestFirings:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_a_row_is_shown_whole(self, client: APIClient, slash: str) -> None:
        schedule, task_id = store_schedule(name="Nightly"), uuid4()
        decided_at = NOW + timedelta(milliseconds=12)
        due_at = NOW + timedelta(seconds=5)
        firing = store_firing(
            schedule, scheduled_for=NOW, due_at=due_at, decided_at=decided_at, lateness_ms=12, task_id=task_id
        )
        for path in (f"/api/firings{slash}", f"/api/schedules/{schedule.pk}/firings{slash}"):
            [shown] = client.get(path).json()["results"]
            assert read_moment(shown.pop("scheduled_for")) == NOW
            assert read_moment(shown.pop("due_at")) == due_at
            assert read_moment(shown.pop("decided_at")) == decided_at
            assert shown == {
                "firing_id": str(firing.pk),
                "schedule_id": str(schedule.pk),
                "schedule_name": "Nightly",
                "last_scheduled_for": None,
                "count": 1,
                "lateness_ms": 12,
                "cause": "schedule",
                "outcome": "started",
                "reason": "",
                "task_id": str(task_id),
            }

    def test_what_was_decided_last_is_first(self, client: APIClient) -> None:
        schedule = store_schedule()
        ids = [str(store_firing(schedule, scheduled_for=NOW + timedelta(hours=hour)).pk) for hour in range(3)]
        assert [each["firing_id"] for each in client.get("/api/firings").json()["results"]] == ids[::-1]

    def test_filters_narrow_the_list(self, client: APIClient) -> None:
        one, other = store_schedule(), store_schedule()
        started = store_firing(one)
        missed = store_firing(one, outcome=FiringOutcome.MISSED, scheduled_for=NOW)
        by_hand = store_firing(other, cause=FiringCause.MANUAL)
        expected = {
            f"schedule_id={one.pk}": [missed, started],
            "outcome=started": [by_hand, started],
            "cause=manual": [by_hand],
            f"schedule_id={one.pk}&outcome=missed": [missed],
            f"schedule_id={UNKNOWN_ID}": [],
        }
        for query, rows in expected.items():
            listed = client.get(f"/api/firings?{query}").json()["results"]
            assert [each["firing_id"] for each in listed] == [str(row.pk) for row in rows], query
        of_one = client.get(f"/api/schedules/{one.pk}/firings?outcome=missed").json()["results"]
        assert [each["firing_id"] for each in of_one] == [str(missed.pk)]

    def test_those_of_a_schedule_are_its_own(self, client: APIClient) -> None:
        schedule = store_schedule()
        store_firing(store_schedule())
        assert client.get(f"/api/schedules/{schedule.pk}/firings").json()["results"] == []

    def test_those_of_a_deleted_schedule_are_still_found(self, client: APIClient) -> None:
        schedule = store_schedule()
        store_firing(schedule)
        client.delete(f"/api/schedules/{schedule.pk}")
        assert len(client.get(f"/api/schedules/{schedule.pk}/firings").json()["results"]) == 1

    @pytest.mark.parametrize("wrong", [UNKNOWN_ID, "nightly"])
    def test_those_of_an_unknown_schedule_are_a_404(self, client: APIClient, wrong: str) -> None:
        problem = read_problem(client.get(f"/api/schedules/{wrong}/firings"), 404)
        assert problem["detail"].startswith("Schedule does not exist")

    def test_thirty_take_as_many_statements_as_three(self, client: APIClient) -> None:
        counts = []
        for size in (3, 27):
            for _ in range(size):
                store_firing(store_schedule())
            with recorded_statements() as statements:
                client.get("/api/firings")
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestWorkflows:
    @pytest.fixture(autouse=True)
    def no_others(self, db: None) -> None:
        """Take away the rows that the migrations made."""
        Workflow.objects.all().delete()

    @pytest.mark.parametrize("path", ["/api/workflows", "/api/workflows/"])
    def test_all_are_listed_by_name(self, client: APIClient, path: str) -> None:
        make_workflow(name="task_b", description="Second")
        first = make_workflow(name="modify_a", target=Target.MODIFY)
        listed = client.get(path).json()["results"]
        assert [each["name"] for each in listed] == ["modify_a", "task_b"]
        assert read_moment(listed[0].pop("created_at")) <= database_now()
        assert listed[0] == {
            "workflow_id": str(first.pk),
            "name": "modify_a",
            "target": "MODIFY",
            "is_task": False,
            "description": "",
        }
        assert (listed[1]["is_task"], listed[1]["description"]) == (True, "Second")

    def test_a_deleted_one_is_not_listed(self, client: APIClient) -> None:
        make_workflow(deleted_at=database_now())
        assert client.get("/api/workflows").json()["results"] == []

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("is_task=true", ["task_b"]),
            ("is_task=false", ["modify_a"]),
            ("is_task=", ["modify_a", "task_b"]),
            ("target=MODIFY", ["modify_a"]),
            ("target=SYSTEM&is_task=false", []),
            ("name=task_b", ["task_b"]),
            ("name=task", []),
        ],
    )
    def test_filters_narrow_the_list(self, client: APIClient, query: str, names: list[str]) -> None:
        make_workflow(name="task_b")
        make_workflow(name="modify_a", target=Target.MODIFY)
        assert [each["name"] for each in client.get(f"/api/workflows?{query}").json()["results"]] == names
