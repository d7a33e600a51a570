"""Writing down which release is in use.

A process that starts says what it knows, and again every minute. Three rules keep the list from telling the same twice
while two releases run side by side, as in a rolling deploy:

- What was never seen is a new row, and the newest.
- What was seen before and is not the newest is no news as long as anybody runs the newest: a process of the former
  release that starts again changes nothing.
- When nobody has been seen with the newest for two minutes, whoever runs a former one writes it down again: somebody
  went back.

So the newest row changes only when one release takes the place of another one, and two that both stay never alternate.
"""

import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum

import structlog
from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connections

from orchestrator_site.common.database import lock_names, write_statement, write_transaction
from orchestrator_site.common.version import VERSION
from workflows.models import Release, ReleasePart
from workflows.releases.contents import Known, know_workflows

log = structlog.get_logger(__name__)

# A release that nobody has been seen with for so long is not in use any more.
GONE_AFTER = timedelta(minutes=2)
SEE_EVERY_SECONDS = 60.0
# Whoever was seen so lately is not written down again: of many processes with one release, a few write in a minute.
# A process alone is written down each time, since it looks less often than that.
RENEW_AFTER = timedelta(seconds=30)
# So many of each part are kept, the newest ones.
KEPT_RELEASES = 100
MAX_NAME_CHARACTERS = 100


class News(Enum):
    """What a process that runs a release is to write down."""

    STILL = "it is the newest: it was seen"
    BESIDE = "it runs beside the newest: it was seen"
    NEW = "it takes the place of the newest: a new row"


def judge(*, newest: Release | None, known: Release | None, now: datetime) -> News:
    """Say what it means that a process runs a release.

    Args:
        newest: The newest row of its part.
        known: The latest row of this release.
        now: The database's time.
    """
    if known is None or newest is None:
        return News.NEW
    if known.pk == newest.pk:
        return News.STILL
    return News.BESIDE if newest.last_seen_at > now - GONE_AFTER else News.NEW


class ReleaseWatch:
    """Says which release a process runs, when it starts and every minute.

    What it knows is worked out at the first look, and stays as it is. An error of the database harms nobody else, and
    is tried again a minute later.

    Args:
        process: Its name.
        know_others: Returns what the process knows besides the workflows.
    """

    def __init__(self, *, process: str, know_others: Callable[[], Sequence[Known]] = tuple) -> None:
        self._process = process
        self._know_others = know_others
        self._known: list[Known] = []
        self._looked_at = float("-inf")

    def look(self, *, now: datetime) -> None:
        """Write down what the process knows, if a minute has passed since it did so; `now` is the database's time."""
        if time.monotonic() - self._looked_at < SEE_EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        self._known = self._known or self._find_out()
        try:
            for known in self._known:
                see_release(known, process=self._process, now=now)
        except DatabaseProblem as error:
            log.warning("release_not_recorded", process=self._process, reason=str(error).strip())
            connections.close_all()

    def _find_out(self) -> list[Known]:
        try:
            return [know_workflows(name=release_name(), version=VERSION), *self._know_others()]
        except Exception:  # what authors wrote is described: whatever it raises, tasks and schedules run all the same
            log.exception("release_not_described", process=self._process)
            return []


def release_name() -> str:
    """Return what whoever deployed this code calls it."""
    return str(settings.RELEASE)[:MAX_NAME_CHARACTERS]


def see_release(known: Known, *, process: str, now: datetime) -> None:
    """Write down that a process runs a release.

    Args:
        known: What it knows.
        process: Its name.
        now: The database's time.
    """
    newest, latest = _find(known)
    if newest is None and not known.contents:
        return  # nothing is registered, and nothing ever was
    if judge(newest=newest, known=latest, now=now) is not News.NEW:
        _renew(latest, now=now)
        return
    with write_transaction():
        lock_names([f"release of {known.part}"])
        newest, latest = _find(known)  # another process may have been first
        if judge(newest=newest, known=latest, now=now) is not News.NEW:
            return
        release = _write(known, former=newest, process=process, now=now)
        _delete_old(known.part)
    log.info("release_changed", part=known.part, release=release.name, version=VERSION, was_seen_before=bool(latest))


def _find(known: Known) -> tuple[Release | None, Release | None]:
    """Return the newest row, and the latest one of this release; without what they hold, which may be much."""
    rows = Release.objects.filter(part=known.part).defer("contents").order_by("-id")
    newest = rows.first()
    if newest is not None and newest.fingerprint == known.fingerprint:
        return newest, newest
    return newest, rows.filter(fingerprint=known.fingerprint).first()


def _renew(release: Release | None, *, now: datetime) -> None:
    assert release is not None, "what is no news has a row"
    not_since = now - RENEW_AFTER
    if release.last_seen_at <= not_since:
        with write_statement():
            Release.objects.filter(pk=release.pk, last_seen_at__lte=not_since).update(last_seen_at=now)


def _write(known: Known, *, former: Release | None, process: str, now: datetime) -> Release:
    return Release.objects.create(
        part=known.part,
        name=release_name(),
        version=VERSION,
        fingerprint=known.fingerprint,
        contents=known.contents,
        former=former,
        host=socket.gethostname(),
        process=process,
        first_seen_at=now,
        last_seen_at=now,
    )


def _delete_old(part: ReleasePart) -> None:
    kept = Release.objects.filter(part=part).order_by("-id").values_list("pk", flat=True)
    if (oldest := kept[KEPT_RELEASES - 1 : KEPT_RELEASES].first()) is not None:
        Release.objects.filter(part=part, pk__lt=oldest).delete()
