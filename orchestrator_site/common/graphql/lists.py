"""Lists of the GraphQL API: `(first, after, filterBy, sortBy) { page { … } pageInfo { … } }`, paged by offset.

Whatever a query selects, a list costs one statement for its rows, one for each kind of related rows that is selected
and one for the total if that is selected.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import graphene
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import Q, QuerySet
from graphql import GraphQLError, GraphQLResolveInfo
from graphql.pyutils import camel_to_snake, snake_to_camel

from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.graphql.selection import selected_below
from orchestrator_site.common.graphql.types import GraphqlFilter, GraphqlSort, PageInfo, SortOrder
from orchestrator_site.common.shown_text import in_order, shows_part

DEFAULT_FIRST = 10
MAX_FIRST = 1_000
MAX_FILTERS = 50
MAX_SORTS = 10
MAX_PART_CHARACTERS = 1_000
MAX_NAMED = 10
MAX_NAME_CHARACTERS = 100

Row: TypeAlias = dict[str, Any]
Made = TypeVar("Made")


@dataclass(slots=True)
class GraphqlContext:
    """Who asks, and the errors that are to be told beside the data."""

    user: AbstractBaseUser | AnonymousUser
    errors: list[GraphQLError] = field(default_factory=list)
    _made: dict[Callable[[], Any], Any] = field(default_factory=dict)

    def once(self, make: Callable[[], Made]) -> Made:
        """Return what `make` gives; it is called once for a query, however many fields want it."""
        if make not in self._made:
            self._made[make] = make()
        made: Made = self._made[make]
        return made

    def report(self, info: GraphQLResolveInfo, message: str) -> None:
        """Tell an error of the field that is resolved, which keeps its value."""
        self.errors.append(GraphQLError(message, nodes=info.field_nodes, path=info.path.as_list()))


@dataclass(frozen=True, slots=True)
class Related:
    """Rows that belong to those of a list, loaded for a whole page at once.

    Attributes:
        key: The field of the list's rows by whose values they are looked up.
        load: Returns them by that value; what it leaves out is `missing`.
    """

    key: str
    load: Callable[[Collection[Any], frozenset[str]], Mapping[Any, Any]]
    missing: Callable[[], Any] = lambda: None


@dataclass(frozen=True, slots=True)
class RowList:
    """A root field that lists rows.

    Attributes:
        permission: What the user needs to see it.
        rows: The rows that there are, in the order that they have unless another is asked for.
        columns: Field of the type → path in the model, or an annotation of `rows`.
        unsortable: Fields that can be neither filtered nor sorted: JSON.
        related: Fields whose values are rows of other tables.
        computed: Fields that the type resolves itself → the names under which it finds what it needs in the row.
        hidden: Names that are no fields, for those that are computed → path in the model.
        arguments: What the field takes besides those of every list.
        narrow: Returns the rows that those arguments, by their names in snake_case, leave; in order.
    """

    permission: str
    rows: Callable[[], QuerySet[Any]]
    columns: Mapping[str, str]
    unsortable: frozenset[str] = frozenset()
    related: Mapping[str, Related] = field(default_factory=dict)
    computed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, graphene.Argument] = field(default_factory=dict)
    narrow: Callable[[Mapping[str, Any]], QuerySet[Any]] | None = None

    @property
    def keys(self) -> list[str]:
        """The fields by which it can be filtered and sorted, as clients name them."""
        return [snake_to_camel(name, upper=False) for name in self.columns if name not in self.unsortable]

    @property
    def paths(self) -> dict[str, str]:
        """The paths of those fields, by their names in camelCase and in snake_case."""
        snake = {name: path for name, path in self.columns.items() if name not in self.unsortable}
        return {snake_to_camel(name, upper=False): path for name, path in snake.items()} | snake


class ListPage:
    """One page of a list; what the query does not select is not read."""

    def __init__(self, source: RowList, rows: QuerySet[Any], info: GraphQLResolveInfo, *, first: int, after: int):
        self._source = source
        self._matching = rows
        self._info = info
        self._first = first
        self._after = after

    @cached_property
    def page(self) -> Sequence[Row]:
        """The rows, with the fields that are selected."""
        return self._found[: self._first]

    @property
    def page_info(self) -> "ListPage":
        """The page itself, which has the fields of PageInfo."""
        return self

    @property
    def has_next_page(self) -> bool:
        """Whether there are rows after it."""
        return len(self._found) > self._first

    @property
    def has_previous_page(self) -> bool:
        """Whether rows were skipped."""
        return self._after > 0

    @property
    def start_cursor(self) -> int | None:
        """The number of its first row, from 0; None when it is empty."""
        return self._after if self.page else None

    @property
    def end_cursor(self) -> int:
        """The number of its last row; -1 when it is empty."""
        return self._after + len(self.page) - 1 if self.page else -1

    @cached_property
    def total_items(self) -> int:
        """How many rows match."""
        return self._matching.count()

    @property
    def sort_fields(self) -> list[str]:
        """The fields by which it can be sorted."""
        return self._source.keys

    @property
    def filter_fields(self) -> list[str]:
        """The fields by which it can be filtered."""
        return self._source.keys

    @cached_property
    def _found(self) -> list[Row]:
        """The rows of the page, and one more if there is a next page."""
        selected = self._selected("page")
        related = {name: each for name, each in self._source.related.items() if name in selected}
        needed = {name for each in selected & self._source.computed.keys() for name in self._source.computed[each]}
        known = {**self._source.columns, **self._source.hidden}
        names = sorted(
            (selected & self._source.columns.keys()) | {each.key for each in related.values()} | needed | {"id"}
        )
        paths = [known[name] for name in names]
        values = self._matching.values_list(*paths)[self._after : self._after + self._first + 1]
        rows = [dict(zip(names, each, strict=True)) for each in values]
        for name, each in related.items():
            wanted = self._selected("page", snake_to_camel(name, upper=False))
            loaded = each.load({row[each.key] for row in rows} - {None}, wanted)
            for row in rows:
                row[name] = loaded.get(row[each.key], each.missing())
        return rows

    def _selected(self, *path: str) -> frozenset[str]:
        """Return the fields selected there, in snake_case; not those of GraphQL itself, as `__typename`."""
        names = selected_below(self._info, *path)
        return frozenset(camel_to_snake(name) for name in names if not name.startswith("__"))


def list_field(source: RowList, row_type: type[graphene.ObjectType], description: str) -> graphene.Field:
    """Return the root field of a list."""
    page = graphene.List(graphene.NonNull(row_type), required=True)
    connection = type(
        f"{row_type.__name__}Connection",
        (graphene.ObjectType,),
        {"page": page, "page_info": graphene.Field(PageInfo, required=True), "__doc__": "A page of a list."},
    )
    return graphene.Field(
        connection,
        first=graphene.Int(default_value=DEFAULT_FIRST, description=f"rows on the page, at most {MAX_FIRST}"),
        after=graphene.Int(default_value=0, description="rows to skip"),
        filter_by=graphene.List(graphene.NonNull(GraphqlFilter)),
        sort_by=graphene.List(graphene.NonNull(GraphqlSort)),
        **source.arguments,
        resolver=partial(_resolve_list, source),
        description=description,
    )


def refuse_without(permission: str, info: GraphQLResolveInfo) -> None:
    """Refuse a user who has not the permission.

    Raises:
        GraphQLError: It names the permission.
    """
    user = info.context.user
    if not (isinstance(user, PermissionsMixin) and user.has_perm(permission)):
        raise GraphQLError(f"{user.get_username()} needs the permission '{permission}' for '{info.field_name}'")


def _resolve_list(source: RowList, _root: Any, info: GraphQLResolveInfo, **arguments: Any) -> ListPage:
    refuse_without(source.permission, info)
    first = DEFAULT_FIRST if arguments["first"] is None else arguments["first"]
    after = arguments["after"] or 0
    if not 1 <= first <= MAX_FIRST:
        raise GraphQLError(f"'first' is a number from 1 to {MAX_FIRST}, not {first}")
    if after < 0:
        raise GraphQLError(f"'after' is the number of rows to skip, 0 or more, not {after}")
    rows = _filtered(source, _narrowed(source, arguments), info, arguments.get("filter_by") or [])
    rows = _sorted(source, rows, info, arguments.get("sort_by") or [])
    return ListPage(source, rows, info, first=first, after=after)


def _narrowed(source: RowList, arguments: Mapping[str, Any]) -> QuerySet[Any]:
    """Return the rows that the list's own arguments leave; one that is null leaves all."""
    given = {name: value for name, value in arguments.items() if name in source.arguments and value is not None}
    if source.narrow is None or not given:
        return source.rows()
    try:
        return source.narrow(given)
    except InvalidValue as error:
        argument = f"{snake_to_camel(error.field, upper=False)}: " if error.field else ""
        raise GraphQLError(f"{argument}{error}") from error


def _filtered(
    source: RowList, rows: QuerySet[Any], info: GraphQLResolveInfo, filters: Sequence[GraphqlFilter]
) -> QuerySet[Any]:
    """Return the rows that match any of the filters; none when a filter names no field."""
    if len(filters) > MAX_FILTERS:
        raise GraphQLError(f"'filterBy' takes {MAX_FILTERS} filters at most, not {len(filters)}")
    paths = source.paths
    if unknown := [each.field for each in filters if each.field not in paths]:
        info.context.report(
            info,
            f"Invalid filter arguments (invalid_filters={_named(unknown)} valid_filter_keys={source.keys})",
        )
        return rows.none()
    condition = Q()
    for each in filters:
        if len(each.value) > MAX_PART_CHARACTERS or "\0" in each.value:
            raise GraphQLError(
                f"the filter by '{each.field}' has a value that cannot be:"
                f" give up to {MAX_PART_CHARACTERS} characters, and no null character"
            )
        condition |= shows_part(rows, paths[each.field], each.value)
    return rows.filter(condition)


def _sorted(
    source: RowList, rows: QuerySet[Any], info: GraphQLResolveInfo, sorts: Sequence[GraphqlSort]
) -> QuerySet[Any]:
    """Return the rows in the order asked for, and as they come when a key names no field."""
    if len(sorts) > MAX_SORTS:
        raise GraphQLError(f"'sortBy' takes {MAX_SORTS} keys at most, not {len(sorts)}")
    paths = source.paths
    if unknown := [each.field for each in sorts if each.field not in paths]:
        info.context.report(
            info, f"Invalid sort arguments (invalid_sorting={_named(unknown)} valid_sort_keys={source.keys})"
        )
        return rows
    if not sorts:
        return rows
    keys = [(paths[each.field], each.order == SortOrder.DESC) for each in sorts]
    # The id decides between equal rows, in the same direction, so that one index can serve both.
    keys.append(("id", keys[-1][1]))
    return rows.order_by(*(in_order(rows, path, is_descending=descending) for path, descending in keys))


def _named(names: Sequence[str]) -> list[str]:
    return [name[:MAX_NAME_CHARACTERS] for name in islice(names, MAX_NAMED)]
