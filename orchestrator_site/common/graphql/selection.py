"""What a query selects, so that nothing else is read from the database."""

from collections.abc import Iterable, Iterator

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    get_directive_values,
)


def selected_below(info: GraphQLResolveInfo, *path: str) -> frozenset[str]:
    """Return the names of the fields selected at `path` below the one that is resolved, as the schema has them.

    Aliases, fragments, `@skip` and `@include` are followed. It relies on the schema having no interfaces and no
    unions: every fragment that was validated applies.
    """
    nodes = list(info.field_nodes)
    for name in path:
        nodes = [node for node in _fields_of(info, nodes) if node.name.value == name]
    return frozenset(node.name.value for node in _fields_of(info, nodes))


def _fields_of(info: GraphQLResolveInfo, nodes: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for node in nodes:
        if node.selection_set:
            yield from _flatten(info, node.selection_set.selections)


def _flatten(info: GraphQLResolveInfo, selections: Iterable[SelectionNode]) -> Iterator[FieldNode]:
    for selection in selections:
        if not _is_included(info, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _flatten(info, selection.selection_set.selections)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _flatten(info, info.fragments[selection.name.value].selection_set.selections)


def _is_included(info: GraphQLResolveInfo, selection: SelectionNode) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, selection, info.variable_values)
    include = get_directive_values(GraphQLIncludeDirective, selection, info.variable_values)
    return not (skip and skip["if"]) and (include is None or bool(include["if"]))
