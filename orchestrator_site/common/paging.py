"""Pages of lists: `{count?, next, previous, results}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from orchestrator_site.common.errors import InvalidValue

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
MAX_PAGE = 1_000_000
PARAMETERS = ("page", "page_size", "count")


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
