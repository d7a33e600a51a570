"""Every change of a task's status, as the database itself sees it: by a trigger, whoever makes the change."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from orchestrator_site.common.database import is_postgresql
from tasks.models import TaskStatus

Move = tuple[TaskStatus, TaskStatus]

_TABLE = """CREATE TABLE observed_moves (
    task_id varchar(36), old varchar(20), new varchar(20), old_attempt integer, new_attempt integer)"""

_WRITE = """INSERT INTO observed_moves VALUES (
    OLD.id, OLD.status, NEW.status, OLD.attempt, NEW.attempt);"""

_SQLITE = [f"CREATE TRIGGER observe_moves AFTER UPDATE OF status ON tasks_task BEGIN {_WRITE} END"]

_POSTGRESQL = [
    f"""CREATE FUNCTION observe_move() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {_WRITE.replace("OLD.id", "OLD.id::varchar")} RETURN NULL; END $$""",
    """CREATE TRIGGER observe_moves AFTER UPDATE OF status ON tasks_task
    FOR EACH ROW EXECUTE FUNCTION observe_move()""",
]


def begin_observing() -> None:
    """Have the database write down every change of a status; the end of the test's transaction takes that back."""
    with connection.cursor() as cursor:
        for statement in [_TABLE, *(_POSTGRESQL if is_postgresql() else _SQLITE)]:
            cursor.execute(statement)


def take_moves() -> list[tuple[UUID, Move]]:
    """Return the moves since the last look, with their tasks.

    That a running task goes on to its next step is none: it is one only if another attempt has it then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM observed_moves")
        rows = cursor.fetchall()
        cursor.execute("DELETE FROM observed_moves")
    return list(_read(rows))


def _read(rows: Iterable[tuple[str, str, str, int, int]]) -> Iterable[tuple[UUID, Move]]:
    for task_id, old, new, old_attempt, new_attempt in rows:
        if old != new or old_attempt != new_attempt:
            yield UUID(task_id), (TaskStatus(old), TaskStatus(new))
