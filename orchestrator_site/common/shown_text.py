"""Database expressions for values as people see them, alike on both databases.

SQLite holds UUIDs as 32 hexadecimal digits, times as text without a zone and booleans as numbers; PostgreSQL has types
for them. Lists are filtered by parts of what they show, so both have to make the same text of a value:
`0196f2a0-0000-7000-8000-000000000000`, `2026-02-11T13:21:09+00:00`, `true`, `42`.
"""

import re
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import BooleanField, CharField, DateTimeField, F, Func, Q, TextField, UUIDField, Value
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Collate

from orchestrator_site.common.database import is_postgresql
from orchestrator_site.common.fields import NameField

COLUMN = "%(expressions)s"
UUID_SLICES = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
UUID_CHARACTERS = 36

_SQLITE: dict[type, str] = {
    UUIDField: " || '-' || ".join(f"substr({COLUMN}, {start}, {length})" for start, length in UUID_SLICES),
    DateTimeField: f"replace({COLUMN}, ' ', 'T') || '+00:00'",
    BooleanField: f"CASE {COLUMN} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
}
_IN_UTC = f"({COLUMN} AT TIME ZONE 'UTC')"
_POSTGRESQL: dict[type, str] = {
    # Fractions of a second are shown when there are any, as Python's isoformat() has it.
    DateTimeField: (
        f"to_char({_IN_UTC}, CASE WHEN date_trunc('second', {COLUMN}) = {COLUMN}"
        """ THEN 'YYYY-MM-DD"T"HH24:MI:SS' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US' END) || '+00:00'"""
    ),
}
_CAST = f"CAST({COLUMN} AS text)"

# PostgreSQL 17 and newer have letters of all languages built in, the older ones by ICU.
_BUILT_IN_SINCE = 170_000
_BUILT_IN_COLLATION, _ICU_COLLATION = "pg_c_utf8", "und-x-icu"


class ShownText(Func):
    """The text of a column as it is shown; null stays null."""

    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the SQL for SQLite."""
        return self._as_text(_SQLITE, compiler, connection, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the SQL for PostgreSQL."""
        return self._as_text(_POSTGRESQL, compiler, connection, **context)

    def _as_text(self, templates: dict[type, str], compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        [column] = self.get_source_expressions()
        kind = type(plain_field(column.output_field))
        template = templates.get(kind, COLUMN if issubclass(kind, CharField | TextField) else _CAST)
        sql, parameters = self.as_sql(compiler, connection, template=f"({template})", **context)
        return sql, tuple(parameters) * template.count(COLUMN)


class _HasPart(Func):
    """Whether the first text holds the second one, in whatever case the letters are."""

    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the SQL for SQLite, whose own functions know the case of ASCII letters alone; REGEXP is Django's."""
        text, part = self.get_source_expressions()
        assert isinstance(part, Value), "a part is a given value"
        pattern = Value(f"(?i){re.escape(part.value)}")
        sql, parameters = compiler.compile(text)
        return f"{sql} REGEXP %s", (*parameters, *compiler.compile(pattern)[1])

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the SQL for PostgreSQL: `lower` follows the collation, which would be C for names."""
        name = _BUILT_IN_COLLATION if connection.pg_version >= _BUILT_IN_SINCE else _ICU_COLLATION
        compiled = [compiler.compile(each) for each in self.get_source_expressions()]
        text, part = (f'lower({sql} COLLATE "{name}")' for sql, _ in compiled)
        return f"strpos({text}, {part}) > 0", [value for _, values in compiled for value in values]


def shows_part(rows: models.QuerySet[Any], path: str, part: str) -> Q:
    """Return the condition that what is shown of a column holds `part`, in any case.

    A whole UUID and a column with a closed set of values come as conditions that an index can serve.
    """
    field = find_field(rows, path)
    if isinstance(field, UUIDField) and len(part) == UUID_CHARACTERS:
        return _is_id(path, part)
    if field.choices:
        values = [str(value) for value, _ in field.flatchoices]
        return Q(**{f"{path}__in": [value for value in values if part.lower() in value.lower()]})
    return Q(_HasPart(ShownText(F(path)), Value(part)))


def in_order(rows: models.QuerySet[Any], path: str, *, is_descending: bool) -> OrderBy:
    """Return the ordering by a column: text by code point; null is later, greater than every value."""
    field = find_field(rows, path)
    key: Combinable = F(path)
    # A name's own order is by code point, and its index serves only that.
    if is_postgresql() and isinstance(field, CharField | TextField) and not isinstance(field, NameField):
        key = Collate(F(path), "C")
    assert isinstance(key, F | Func), "both can be ordered by"
    if not field.null:
        return key.desc() if is_descending else key.asc()
    return key.desc(nulls_first=True) if is_descending else key.asc(nulls_last=True)


def find_field(rows: models.QuerySet[Any], path: str) -> "models.Field[Any, Any]":
    """Return the field at the end of a path such as `link__workflow__name`, or the one that an annotation shows."""
    if path in rows.query.annotations:
        shown: models.Field[Any, Any] = rows.query.annotations[path].output_field
        return plain_field(shown)
    model: type[models.Model] = rows.model
    *relations, name = path.split("__")
    for relation in relations:
        related = model._meta.get_field(relation).related_model
        assert isinstance(related, type), "a path leads over relations"
        model = related
    return plain_field(next(field for field in model._meta.concrete_fields if name in {field.name, field.attname}))


def plain_field(field: "models.Field[Any, Any]") -> "models.Field[Any, Any]":
    """Return the field whose values a column holds: for a foreign key, the key that it refers to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field


def _is_id(path: str, text: str) -> Q:
    try:
        key = UUID(text)
    except ValueError:
        return Q(pk__in=[])
    return Q(**{path: key}) if str(key) == text.lower() else Q(pk__in=[])
