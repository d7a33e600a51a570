"""From the text of a query to an answer: parse, bound, validate, execute, and errors that tell no internals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphene
import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSyntaxError, execute, parse, validate

from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.graphql.limits import MAX_TOKENS, limits_for
from orchestrator_site.common.graphql.lists import DEFAULT_FIRST, MAX_FIRST, GraphqlContext

log = structlog.get_logger(__name__)

MAX_ERRORS = 10


@dataclass(frozen=True, slots=True)
class GraphqlAnswer:
    """What a query gave; `was_executed` is false when nothing of it could be."""

    body: dict[str, Any]
    was_executed: bool


def answer_query(
    schema: graphene.Schema,
    query: str,
    *,
    variables: Mapping[str, Any],
    operation_name: str | None,
    context: GraphqlContext,
) -> GraphqlAnswer:
    """Answer one query; whatever is wrong with it is in the `errors` of the answer."""
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        return _refused([error])
    if errors := _find_errors(schema, document, variables):
        return _refused(errors)
    result = execute(
        schema.graphql_schema,
        document,
        variable_values=dict(variables),
        operation_name=operation_name,
        context_value=context,
        max_coercion_errors=MAX_ERRORS,
    )
    assert isinstance(result, ExecutionResult), "no resolver is asynchronous"
    errors = [*context.errors, *(result.errors or ())]
    if result.data is None:  # every root field may be null: so none was reached
        return _refused(errors)
    told = {"errors": [_tell(error) for error in errors]} if errors else {}
    return GraphqlAnswer(told | {"data": result.data}, was_executed=True)


def _find_errors(
    schema: graphene.Schema, document: DocumentNode, variables: Mapping[str, Any]
) -> Sequence[GraphQLError]:
    limits = limits_for(variables, default_first=DEFAULT_FIRST, max_first=MAX_FIRST)
    too_large = validate(schema.graphql_schema, document, [limits])
    return too_large[:1] or validate(schema.graphql_schema, document, max_errors=MAX_ERRORS)


def _refused(errors: Sequence[GraphQLError]) -> GraphqlAnswer:
    return GraphqlAnswer({"errors": [_tell(error) for error in errors]}, was_executed=False)


def _tell(error: GraphQLError) -> Any:
    """Return an error as the client sees it: one that nobody expected goes into the log and is told without detail."""
    cause = error.original_error
    if cause is None or isinstance(cause, InvalidValue | GraphQLError):
        return error.formatted
    log.error("graphql_field_failed", path=error.path, exc_info=cause)
    failed = GraphQLError("the server failed here; its log says why", nodes=error.nodes, path=error.path)
    return failed.formatted
