"""Columns that are alike on both databases."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:  # not generic at run time
    CharField = models.CharField[str, str]
    JSONField = models.JSONField[Any, Any]
else:
    CharField = models.CharField
    JSONField = models.JSONField


class NameField(CharField):
    """A name by which lists are sorted: by code point, also where PostgreSQL's default is a language's order.

    SQLite compares text that way by itself. As it is the column's own order, an index on the column serves it.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Return the column's parameters, with the collation that compares bytes."""
        parameters: dict[str, Any] = dict(super().db_parameters(connection))
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class ReadableJSONField(JSONField):
    """JSON of which a row can always be read: a document that Python cannot parse comes as its text.

    The databases take numbers of any length and documents of any depth, Python does not; Django's own field returns
    text for other documents that cannot be parsed.
    """

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the document."""
        try:
            return super().from_db_value(value, expression, connection)
        except (ValueError, RecursionError):
            return value
