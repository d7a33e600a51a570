"""What the tests of the GraphQL API share: asking, and queries of everything there is."""

from typing import Any

from graphql import get_named_type
from rest_framework.test import APIClient

from orchestrator_site.schema import schema

PATH = "/api/graphql"
ROOTS = ("scheduledTasks", "tasks", "firings", "workflows")
PERMISSIONS = {
    "scheduledTasks": "schedules.view_schedule",
    "tasks": "tasks.view_task",
    "firings": "schedules.view_firing",
    "workflows": "workflows.view_workflow",
}
PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor totalItems sortFields filterFields }"
LIST = """
query ($first: Int, $after: Int, $filterBy: [GraphqlFilter!], $sortBy: [GraphqlSort!]) {
  answer: %s(first: $first, after: $after, filterBy: $filterBy, sortBy: $sortBy) { page { %s } %s }
}
"""


def post(client: APIClient, query: str, *, status: int = 200, **body: Any) -> dict[str, Any]:
    """Send a query and return the whole answer."""
    response = client.post(PATH, {"query": query, **body})
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def ask(client: APIClient, query: str, **variables: Any) -> dict[str, Any]:
    """Return the data of a query in which nothing went wrong."""
    answer = post(client, query, variables=variables)
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def ask_list(client: APIClient, root: str, fields: str = "id", **arguments: Any) -> dict[str, Any]:
    """Return `page` and `pageInfo` of a list, without any error."""
    answer: dict[str, Any] = ask(client, LIST % (root, fields, PAGE_INFO), **arguments)["answer"]
    return answer


def ids(rows: list[Any]) -> list[str]:
    """Return the ids of rows, whether of an answer or of the database."""
    return [row["id"] if isinstance(row, dict) else str(row.pk) for row in rows]


def messages(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer["errors"]]


def every_field(root: str) -> str:
    """Return the selection of all that a row of the list has."""
    connection = schema.graphql_schema.query_type.fields[root].type
    row = connection.fields["page"].type.of_type.of_type.of_type
    return " ".join(f"{name} {_fields_of(field.type)}" for name, field in row.fields.items())


def _fields_of(each: Any) -> str:
    """Return the selection of all fields of a type, if it has any."""
    fields = getattr(get_named_type(each), "fields", None)
    return f"{{ {' '.join(fields)} }}" if fields else ""
