"""What atomic steps write to the database besides their records: a table of the fault app, without any constraint."""

from uuid import UUID

from django.db import connection

from tests.support.witness import Sighting

TABLE = "fault_effect"


def make_table() -> None:
    _execute(f"CREATE TABLE {TABLE} (task_id text, step text, attempt integer)")


def drop_table() -> None:
    _execute(f"DROP TABLE {TABLE}")


def write_effect(task_id: str, step: str, attempt: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} (task_id, step, attempt) VALUES (%s, %s, %s)", [task_id, step, attempt])


def read_effects() -> list[Sighting]:
    """Return every effect that was committed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT task_id, step, attempt FROM {TABLE}", [])
        return [Sighting(UUID(task_id), step, attempt) for task_id, step, attempt in cursor.fetchall()]


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
