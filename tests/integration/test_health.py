from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from orchestrator_site import health
from orchestrator_site.common.clock import database_now
from schedules.models import SchedulerProcess
from schedules.processes import see_process
from tests.support.factories import HOUR, make_schedule


def test_live_answers_without_a_database(client: Client) -> None:
    assert client.get("/health/live").status_code == 200


@pytest.mark.django_db
def test_ready_when_the_database_is_migrated(client: Client) -> None:
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="auth", name="0001_initial").delete()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["reason"].startswith("migrations not applied: 1;")


def test_not_ready_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: MigrationRecorder) -> None:
        raise OperationalError("connection to db.example as admin refused")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refuse)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["reason"] == "the database cannot be reached (OperationalError)"


@pytest.mark.django_db
class TestTheSchedulers:
    def see(self, *, ago: timedelta = timedelta(0), ticked_ago: timedelta = timedelta(0)) -> None:
        now = database_now()
        name = f"node-1.internal:4711:{SchedulerProcess.objects.count()}"
        see_process(name=name, now=now - ago, last_tick_at=now - ticked_ago, firings_per_minute=0)

    def test_one_that_is_alive_is_enough(self, client: Client) -> None:
        self.see()
        self.see(ago=HOUR)
        self.see(ticked_ago=HOUR)
        response = client.get("/health/scheduler")
        assert response.status_code == 200
        assert response.json() == {
            "status": "alive",
            "schedulers": {"alive": 1, "stuck": 1, "stale": 1},
            "behind_seconds": 0.0,
        }

    @pytest.mark.parametrize(
        ("ago", "counts"),
        [
            ({"ago": HOUR}, {"alive": 0, "stuck": 0, "stale": 1}),
            ({"ticked_ago": HOUR}, {"alive": 0, "stuck": 1, "stale": 0}),
        ],
        ids=["stale", "stuck"],
    )
    def test_none_that_is_alive_is_a_503(self, client: Client, ago: dict[str, timedelta], counts: object) -> None:
        self.see(**ago)
        response = client.get("/health/scheduler")
        assert response.status_code == 503
        assert response.json() == {
            "status": "not alive",
            "reason": "no scheduler is alive",
            "schedulers": counts,
            "behind_seconds": 0.0,
        }

    def test_without_any_it_is_a_503(self, client: Client) -> None:
        assert client.get("/health/scheduler").status_code == 503

    def test_it_says_how_late_they_are_and_names_nothing(self, client: Client) -> None:
        self.see()
        schedule = make_schedule(name="Customer Nightly", next_run_at=database_now() - timedelta(seconds=90))
        response = client.get("/health/scheduler")
        assert 90 <= response.json()["behind_seconds"] < 95
        for secret in ("node-1", "4711", "Customer", str(schedule.pk)):
            assert secret not in response.content.decode()

    def test_a_database_that_is_away_is_a_503(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> None:
            raise OperationalError("connection to db.example as admin refused")

        monkeypatch.setattr(health, "database_now", refuse)
        response = client.get("/health/scheduler")
        assert response.status_code == 503
        assert response.json() == {
            "status": "unknown",
            "reason": "the database cannot be reached (OperationalError)",
        }

    def test_nobody_keeps_the_answer(self, client: Client) -> None:
        assert "no-store" in client.get("/health/scheduler")["Cache-Control"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/scheduler"])
def test_only_reading_is_allowed(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_an_unknown_api_address_is_answered_with_problem_details(client: Client) -> None:
    response = client.get("/api/no-such-thing")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "There is nothing at /api/no-such-thing."


def test_an_unknown_address_elsewhere_is_answered_with_a_page(client: Client) -> None:
    response = client.get("/no-such-thing")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_the_root_leads_to_the_admin(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")
