import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


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


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
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
