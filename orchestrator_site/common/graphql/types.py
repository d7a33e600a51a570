"""The types that all lists of the GraphQL API share."""

from typing import Any

import graphene


class Json(graphene.Scalar):  # type: ignore[misc]  # graphene has no types
    """Any JSON value."""

    class Meta:
        name = "JSON"

    @staticmethod
    def serialize(value: Any) -> Any:
        """Return it as it is stored."""
        return value


class SortOrder(graphene.Enum):  # type: ignore[misc]
    """Which end of the order comes first."""

    ASC = "asc"
    DESC = "desc"


class GraphqlFilter(graphene.InputObjectType):  # type: ignore[misc]
    """Rows in which what is shown of the field holds the value, in any case; a row matches when any filter does."""

    field = graphene.String(required=True)
    value = graphene.String(required=True)


class GraphqlSort(graphene.InputObjectType):  # type: ignore[misc]
    """One key of the order: text by code point, what has no value after everything that has one."""

    field = graphene.String(required=True)
    order = graphene.InputField(SortOrder, required=True, default_value=SortOrder.ASC)


class PageInfo(graphene.ObjectType):  # type: ignore[misc]
    """Where the page lies: cursors are the numbers of its first and last row, counted from 0."""

    has_next_page = graphene.Boolean(required=True)
    has_previous_page = graphene.Boolean(required=True)
    start_cursor = graphene.Int(description="null when the page is empty")
    end_cursor = graphene.Int(required=True, description="-1 when the page is empty")
    total_items = graphene.Int(required=True, description="how many rows match; counted only when it is asked for")
    sort_fields = graphene.List(graphene.NonNull(graphene.String), required=True)
    filter_fields = graphene.List(graphene.NonNull(graphene.String), required=True)
