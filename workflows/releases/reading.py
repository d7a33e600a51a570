"""Reading releases, and what is different between two of them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from workflows.models import Release, ReleasePart
from workflows.releases.differences import Difference
from workflows.releases.differing import compare_functions, compare_workflows

_COMPARE: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Difference]] = {
    ReleasePart.WORKFLOWS: compare_workflows,
    ReleasePart.FUNCTIONS: compare_functions,
}


def list_releases() -> QuerySet[Release]:
    """Return the releases with those that they took the place of, newest first."""
    return Release.objects.select_related("former").order_by("-id")


def read_page(releases: QuerySet[Release], *, limit: int) -> list[Release]:
    """Return the first releases with those that they took the place of; each is read once, as it may hold much."""
    rows = list(releases.select_related(None)[:limit])
    known = {row.pk: row for row in rows}
    missing = {row.former_id for row in rows if row.former_id is not None} - known.keys()
    known |= Release.objects.in_bulk(missing)
    for row in rows:
        row.former = None if row.former_id is None else known.get(row.former_id)
    return rows


def find_newest(part: ReleasePart) -> Release | None:
    """Return the release of a part that is in use now, if any process has ever said what it knows."""
    return list_releases().filter(part=part).first()


def compare_releases(former: Release, present: Release) -> Difference:
    """Return what is different between two releases of one part."""
    return _COMPARE[present.part](former.contents, present.contents)


def find_difference(release: Release) -> Difference | None:
    """Return what a release has changed; None for the first one that is known."""
    return None if release.former is None else compare_releases(release.former, release)
