"""Writing many rows with one statement.

Django's `bulk_update` writes a CASE with one WHEN a row, and `bulk_create` prepares every value of every row on its
own; together they would be most of a turn. PostgreSQL takes all rows as one JSON document instead and reads the types
of its members from the table; SQLite runs one prepared statement for all rows.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from orchestrator_site.common.database import is_postgresql

Values = Mapping[UUID, Sequence[Any]]


def insert_rows(rows: Sequence[models.Model], *, skips_conflicts: bool = False) -> Collection[UUID]:
    """Insert new objects of one model, whose primary key is a UUID, and return the keys of those that are there now.

    With `skips_conflicts`, a row that a unique constraint forbids is left out.
    """
    if not rows:
        return ()
    fields = type(rows[0])._meta.concrete_fields
    values = [[getattr(row, field.attname) for field in fields] for row in rows]
    columns = _columns(fields)
    suffix = " ON CONFLICT DO NOTHING" if skips_conflicts else ""
    table = _quote(type(rows[0])._meta.db_table)
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if is_postgresql():
            selected = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"
            cursor.execute(f"INSERT INTO {table} ({columns}) {selected}{suffix} RETURNING id", [_json(fields, values)])
            return {key for (key,) in cursor.fetchall()}
        placeholders = ", ".join(["%s"] * len(fields))
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({placeholders}){suffix}", _stored(fields, values, connection)
        )
    keys = [row.pk for row in rows]
    if not skips_conflicts:
        return keys
    return set(models.QuerySet(type(rows[0])).filter(pk__in=keys).values_list("pk", flat=True))


def update_rows(model: type[models.Model], columns: Sequence[str], values: Values) -> None:
    """Set `columns` of each row, every row to values of its own.

    Args:
        model: Its primary key is a UUID.
        columns: Names of fields of `model`.
        values: Primary key → values in the order of `columns`.
    """
    if not values:
        return
    key, fields = _field(model, "id"), [_field(model, name) for name in columns]
    table = _quote(model._meta.db_table)
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if is_postgresql():
            rows = [(pk, *row) for pk, row in values.items()]
            assignments = ", ".join(f"{_quote(field.column)} = new.{_quote(field.column)}" for field in fields)
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM json_populate_recordset(NULL::{table}, %s) AS new"
                f" WHERE {table}.id = new.id",
                [_json((key, *fields), rows)],
            )
        else:
            rows = [(*row, pk) for pk, row in values.items()]
            assignments = ", ".join(f"{_quote(field.column)} = %s" for field in fields)
            cursor.executemany(
                f"UPDATE {table} SET {assignments} WHERE id = %s", _stored((*fields, key), rows, connection)
            )


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), "only columns hold values"
    return field


def _columns(fields: "Iterable[models.Field[Any, Any]]") -> str:
    return ", ".join(_quote(field.column) for field in fields)


def _quote(name: str | None) -> str:
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name)))


def _json(fields: "Sequence[models.Field[Any, Any]]", rows: Iterable[Sequence[Any]]) -> str:
    columns = [field.column for field in fields]
    return json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str)


def _stored(
    fields: "Sequence[models.Field[Any, Any]]", rows: Iterable[Sequence[Any]], connection: BaseDatabaseWrapper
) -> list[list[Any]]:
    prepare = [field.get_db_prep_save for field in fields]
    return [
        [None if value is None else each(value, connection) for each, value in zip(prepare, row, strict=True)]
        for row in rows
    ]
