"""Writing many rows with one statement.

Django's `bulk_update` writes a CASE with one WHEN a row, and `bulk_create` prepares every value of every row on its
own; together they would be most of a turn. PostgreSQL takes all rows as one JSON document instead and reads the types
of its members from the table; SQLite runs one prepared statement for all rows.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from orchestrator_site.common.database import is_postgresql

Row = Mapping[str, Any]
Values = Mapping[UUID, Sequence[Any]]


def insert_rows(model: type[models.Model], rows: Sequence[Row], *, skips_conflicts: bool = False) -> Collection[UUID]:
    """Insert new rows of one model, and return the keys of those that are there now.

    Args:
        model: Its primary key is a UUID.
        rows: Column → value, every column in every row; nothing has a default here.
        skips_conflicts: Leave a row out that a unique constraint forbids, instead of raising IntegrityError.
    """
    if not rows:
        return ()
    fields = model._meta.concrete_fields
    columns = _columns(fields)
    suffix = " ON CONFLICT DO NOTHING" if skips_conflicts else ""
    table = _quote(model._meta.db_table)
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if is_postgresql():
            selected = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"
            document = json.dumps(rows, default=str)
            cursor.execute(f"INSERT INTO {table} ({columns}) {selected}{suffix} RETURNING id", [document])
            return {key for (key,) in cursor.fetchall()}
        placeholders = ", ".join(["%s"] * len(fields))
        values = [[row[str(field.column)] for field in fields] for row in rows]
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({placeholders}){suffix}", _stored(fields, values, connection)
        )
    keys = [row["id"] for row in rows]
    if not skips_conflicts:
        return keys
    return set(models.QuerySet(model).filter(pk__in=keys).values_list("pk", flat=True))


def row_of(instance: models.Model) -> Row:
    """Return an object that was not saved yet as a row to insert."""
    return {str(field.column): getattr(instance, field.attname) for field in instance._meta.concrete_fields}


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
    # Most moments of many rows are the same few, and nothing takes longer to prepare.
    moment = cache(partial(models.DateTimeField().get_db_prep_save, connection=connection))
    prepare = [
        moment if type(field) is models.DateTimeField else partial(field.get_db_prep_save, connection=connection)
        for field in fields
    ]
    return [[None if value is None else each(value) for each, value in zip(prepare, row, strict=True)] for row in rows]
