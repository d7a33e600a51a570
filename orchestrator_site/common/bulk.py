"""Writing many rows with one statement."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models

from orchestrator_site.common.database import is_postgresql, stored_value

Values = Mapping[UUID, Sequence[Any]]


def update_rows(model: type[models.Model], columns: Sequence[str], values: Values) -> None:
    """Set `columns` of each row, every row to values of its own.

    Django's `bulk_update` writes a CASE with one WHEN a row, which costs more than all the rest of a turn together;
    PostgreSQL takes the values as arrays instead, SQLite runs one prepared UPDATE a row.

    Args:
        model: Its primary key is a UUID.
        columns: Names of fields of `model` whose columns have the same name.
        values: Primary key → values in the order of `columns`.
    """
    if not values:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    key = connection.ops.quote_name(str(model._meta.pk.column))
    names = [connection.ops.quote_name(column) for column in columns]
    rows = [
        [stored_value(model, column, value) for column, value in zip(columns, row, strict=True)]
        for row in values.values()
    ]
    with connection.cursor() as cursor:
        if is_postgresql():
            assignments = ", ".join(f"{name} = new.c{n}" for n, name in enumerate(names))
            arrays = ", ".join(f"%s::{_column_type(model, column)}[]" for column in columns)
            aliases = ", ".join(f"c{n}" for n in range(len(names)))
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM unnest(%s::uuid[], {arrays}) AS new(id, {aliases})"
                f" WHERE {table}.{key} = new.id",
                [list(values), *([row[n] for row in rows] for n in range(len(names)))],
            )
        else:
            assignments = ", ".join(f"{name} = %s" for name in names)
            cursor.executemany(
                f"UPDATE {table} SET {assignments} WHERE {key} = %s",
                [(*row, pk.hex) for pk, row in zip(values, rows, strict=True)],
            )


def _column_type(model: type[models.Model], column: str) -> str:
    field = model._meta.get_field(column)
    assert isinstance(field, models.Field), "only columns have a type"
    return str(field.db_type(connection))
