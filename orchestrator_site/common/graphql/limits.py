"""Bounds on what one GraphQL document may ask for, checked before anything else looks at it.

Some of graphql-core's own rules compare every field with every other one, so a document has to be small before it is
validated; and one that is valid may still ask for a thousand rows a hundred times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    BREAK,
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    VariableNode,
)

MAX_TOKENS = 5_000
# GraphiQL reads the schema with a depth of 18 and 229 fields; no other query needs as much.
MAX_DEPTH = 25
MAX_FIELDS = 400
MAX_DEFINITIONS = 100
MAX_DIRECTIVES = 100
# Each may count the rows of a table.
MAX_LISTS = 20
# A page of a thousand rows with fifty fields each.
MAX_COST = 50_000
# The arguments that say how much a field gives: of the lists, and of what a row computes.
FIRST, NUMBER = "first", "n"
MAX_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How much a selection asks for.

    Attributes:
        depth: Levels of fields and fragments.
        fields: Fields, those of a fragment at each of its uses.
        lists: Fields that take `first`.
        cost: Fields of the answer: those below a field with `first: 100`, or `n: 100`, count a hundred times.
    """

    depth: int = 0
    fields: int = 0
    lists: int = 0
    cost: int = 0

    def beside(self, other: "Size") -> "Size":
        """Return the size of both together."""
        return Size(
            max(self.depth, other.depth), self.fields + other.fields, self.lists + other.lists, self.cost + other.cost
        )


class LimitExceeded(Exception):
    """A document is larger than a bound; the message names both."""


def limits_for(variables: Mapping[str, Any], *, default_first: int, max_first: int) -> type[ASTValidationRule]:
    """Return the rule that holds a document within the bounds, with the variables that come with it.

    Args:
        variables: As they were sent: `first` may be one of them.
        default_first: How many rows a list has whose `first` is not given.
        max_first: What counts for one that is out of bounds.
    """

    class LimitsRule(ASTValidationRule):
        """Reports the first bound that a document exceeds."""

        context: ValidationContext

        def enter_document(self, document: DocumentNode, *_args: Any) -> Any:
            """Measure the whole document; no other node has to be visited."""
            ruler = _Ruler(document, variables, _find_sized(self.context.schema, default_first, max_first))
            try:
                ruler.check()
            except LimitExceeded as error:
                self.report_error(GraphQLError(str(error)))
            return BREAK

    return LimitsRule


@dataclass(frozen=True, slots=True)
class Sized:
    """A field whose argument says how often the fields below it occur."""

    argument: str
    default: int
    most: int


def _find_sized(schema: GraphQLSchema, default_first: int, max_first: int) -> dict[str, Sized]:
    """Return the fields of a schema that take `first` or `n`, by name; no two types have different ones of one name."""
    sized: dict[str, Sized] = {}
    for each in schema.type_map.values():
        for name, field in each.fields.items() if isinstance(each, GraphQLObjectType) else ():
            if FIRST in field.args:
                sized[name] = Sized(FIRST, default_first, max_first)
            elif NUMBER in field.args:
                sized[name] = Sized(NUMBER, field.args[NUMBER].default_value, MAX_NUMBER)
    return sized


class _Ruler:
    """Measures the operations of a document; every fragment is measured once, however often it is used."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any], sized: Mapping[str, Sized]) -> None:
        self._document = document
        self._variables = variables
        self._sized = sized
        definitions = document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._measured: dict[str, Size] = {}
        self._open: list[str] = []
        self._fields = 0
        self._directives = 0

    def check(self) -> None:
        """Measure everything.

        Raises:
            LimitExceeded: A bound is exceeded, or a fragment contains itself.
        """
        _refuse_above(MAX_DEFINITIONS, len(self._document.definitions), "has {} operations and fragments")
        size = Size()
        for each in self._document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self._count_directives(each)
                size = size.beside(self._measure(each.selection_set, 1))
            elif isinstance(each, FragmentDefinitionNode):  # also those that nothing uses
                self._measure_fragment(each.name.value, 1)
        fields = max(self._fields, size.fields)
        _refuse_above(MAX_FIELDS, fields, "asks for {} fields, those of a fragment counted at each use")
        _refuse_above(MAX_LISTS, size.lists, "asks for {} lists")
        _refuse_above(MAX_COST, size.cost, "may ask for {} values, `first` times the fields of a row")

    def _measure(self, selection_set: SelectionSetNode | None, level: int) -> Size:
        if selection_set is None:
            return Size()
        self._check_depth(level)
        size = Size()
        for selection in selection_set.selections:
            self._count_directives(selection)
            if isinstance(selection, FragmentSpreadNode):
                inner = self._measure_fragment(selection.name.value, level + 1)
            else:
                inner = self._measure(selection.selection_set, level + 1)  # type: ignore[attr-defined]
            if isinstance(selection, FieldNode):
                self._fields += 1
                inner = self._with_field(selection, inner)
            size = size.beside(inner)
        return replace(size, depth=size.depth + 1)

    def _measure_fragment(self, name: str, level: int) -> Size:
        fragment = self._fragments.get(name)
        if fragment is None:  # validation names it
            return Size()
        if name in self._open:
            cycle = " → ".join([*self._open[self._open.index(name) :], name])
            raise LimitExceeded(f"a fragment contains itself: {cycle}")
        if name not in self._measured:
            self._open.append(name)
            self._count_directives(fragment)
            self._measured[name] = self._measure(fragment.selection_set, level)
            self._open.pop()
        size = self._measured[name]
        self._check_depth(level + size.depth - 1)
        return size

    def _with_field(self, node: FieldNode, below: Size) -> Size:
        sized = self._sized.get(node.name.value)
        is_list = sized is not None and sized.argument == FIRST
        times = 1 if sized is None else self._rows_of(node, sized)
        return Size(below.depth, below.fields + 1, below.lists + is_list, 1 + below.cost * times)

    def _check_depth(self, level: int) -> None:
        _refuse_above(MAX_DEPTH, level, "is nested {} levels deep or more")

    def _count_directives(self, node: Any) -> None:
        self._directives += len(node.directives)
        _refuse_above(MAX_DIRECTIVES, self._directives, "has {} directives or more")

    def _rows_of(self, node: FieldNode, sized: Sized) -> int:
        """Return how often the fields below a field can occur in the answer."""
        size: Any = sized.default
        for argument in node.arguments:
            if argument.name.value == sized.argument:
                size = self._value_of(argument.value, sized)
        if size is None:
            return sized.default
        return size if isinstance(size, int) and 1 <= size <= sized.most else sized.most

    def _value_of(self, node: Any, sized: Sized) -> Any:
        if isinstance(node, IntValueNode):
            return int(node.value) if len(node.value) <= len(str(sized.most)) else sized.most
        if isinstance(node, VariableNode):
            # A default of the variable's own is rare: it counts as the most there can be.
            return self._variables.get(node.name.value, sized.most)
        return None


def _refuse_above(most: int, found: int, what: str) -> None:
    if found > most:
        raise LimitExceeded(f"the query {what.format(found)}; {most} are the most")
