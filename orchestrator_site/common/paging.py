"""Pages of lists: `{count?, next, previous, results}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from orchestrator_site.common.errors import InvalidValue

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
MAX_PAGE = 1_000_000
PARAMETERS = ("page", "page_size", "count")
OLDER, NEWER = "older_than", "newer_than"
LONG_LIST_PARAMETERS = (*PARAMETERS, OLDER, NEWER)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, where the pages beside it are, and how many rows there are if that was asked for."""

    rows: Sequence[Any]
    next_url: str | None
    previous_url: str | None
    count: int | None

    def as_answer(self, results: Sequence[Any]) -> dict[str, Any]:
        """Return the body of the answer, with the rows as they are to be shown."""
        counted = {} if self.count is None else {"count": self.count}
        return counted | {"next": self.next_url, "previous": self.previous_url, "results": results}


def read_page(rows: QuerySet[Any], request: Request) -> Page:
    """Return the page that `?page=2&page_size=50` asks for.

    One row more than the page is read to know whether there is a next one. The total is counted for `?count=true`
    only: it costs a scan of the table.

    Raises:
        InvalidValue: A parameter is no number, or out of bounds.
    """
    number = _read_number(request, "page", default=1, highest=MAX_PAGE)
    size = _read_number(request, "page_size", default=PAGE_SIZE, highest=MAX_PAGE_SIZE)
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    url = request.build_absolute_uri()
    return Page(
        rows=found[:size],
        next_url=replace_query_param(url, "page", number + 1) if len(found) > size else None,
        previous_url=replace_query_param(url, "page", number - 1) if number > 1 else None,
        count=rows.count() if _read_flag(request, "count") else None,
    )


class LongList(Protocol):
    """Rows in an order in which the place of a row is found without counting those before it."""

    def rows(self) -> QuerySet[Any]:
        """Return them all."""

    def count(self) -> int:
        """Count them."""

    def read_older(self, *, than: UUID | None, limit: int) -> Sequence[Any]:
        """Return the rows after the row of that id, or the first ones."""

    def read_newer(self, *, than: UUID, limit: int) -> Sequence[Any]:
        """Return the rows right before the row of that id, in their order."""


def read_long_page(listed: LongList, request: Request) -> Page:
    """Return the page that `?older_than=<id>` or `?newer_than=<id>` asks for, the first one without either.

    Its links go on from the rows on it, so the millionth row is as near as the first, and rows that are added at the
    top meanwhile move nothing. `?page=` is taken too, and then the links count pages.

    Raises:
        InvalidValue: A parameter has a value that it cannot have, or does not go with another one.
    """
    older, newer = _read_cursor(request, OLDER), _read_cursor(request, NEWER)
    given = [name for name in ("page", OLDER, NEWER) if name in request.query_params]
    if len(given) > 1:
        value = request.query_params[given[1]]
        raise InvalidValue(f"give '{given[0]}' or '{given[1]}', not both", field=given[1], value=value)
    if given == ["page"]:
        return read_page(listed.rows(), request)
    size = _read_number(request, "page_size", default=PAGE_SIZE, highest=MAX_PAGE_SIZE)
    count = listed.count() if _read_flag(request, "count") else None
    if newer is not None:
        found = listed.read_newer(than=newer, limit=size + 1)
        rows, has_newer, has_older = found[-size:], len(found) > size, True
    else:
        found = listed.read_older(than=older, limit=size + 1)
        rows, has_newer, has_older = found[:size], older is not None, len(found) > size
    return Page(
        rows=rows,
        next_url=_link(request, OLDER, rows[-1].pk if rows else None) if has_older else None,
        previous_url=_link(request, NEWER, rows[0].pk if rows else older) if has_newer else None,
        count=count,
    )


def is_first_page(request: Request) -> bool:
    """Tell whether a page of a long list is the first one."""
    query = request.query_params
    return OLDER not in query and NEWER not in query and query.get("page", "1") == "1"


def _link(request: Request, name: str, cursor: UUID | None) -> str:
    """Return the address of the page behind or before a row; of the first one, if there is none."""
    url = remove_query_param(remove_query_param(request.build_absolute_uri(), OLDER), NEWER)
    return url if cursor is None else replace_query_param(url, name, str(cursor))


def _read_cursor(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        right = "the id of a row, as the links `next` and `previous` have it"
        raise InvalidValue(f"'{name}' is {right}, not '{text}'", field=name, value=text) from None


def _read_number(request: Request, name: str, *, default: int, highest: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(highest)) else 0
    if not 1 <= number <= highest:
        raise InvalidValue(f"'{name}' is a number from 1 to {highest}, not '{text}'", field=name, value=text)
    return number


def _read_flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in {"true", "false"}:
        raise InvalidValue(f"'{name}' is 'true' or 'false', not '{text}'", field=name, value=text)
    return text == "true"
