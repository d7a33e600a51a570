"""A ledger of a million rows: how fast its pages are found, and what its clean-up does to those who write to it."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from knox.models import AuthToken

from orchestrator_site.common.bulk import insert_rows
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.ids import new_id
from orchestrator_site.management.commands.up import ADMIN
from schedules.models import Firing
from schedules.retention import delete_old_firings
from tests.bench.measurements.lists import ROUNDS, median_ms
from tests.bench.results import Figure, Limit, percentile
from tests.bench.seed import store_firings

PERIOD = timedelta(seconds=7)
PAGES_WITHIN_MS = 40
ROWS_PER_TURN = 250


def measure_ledger(*, is_quick: bool) -> list[Figure]:
    """Ask for pages from the top to the bottom, then delete the oldest fifth while a turn after the other writes."""
    count = 2_000 if is_quick else 1_000_000
    begin = datetime.now(UTC).replace(microsecond=0) - PERIOD * count
    store_firings(count, begin=begin, period=PERIOD)
    figures = _measure_pages(begin, count, rounds=3 if is_quick else ROUNDS)
    return figures + _measure_clean_up(begin, count // 5)


def _measure_pages(begin: datetime, count: int, *, rounds: int) -> list[Figure]:
    user = get_user_model().objects.create_superuser(ADMIN)
    program = Client(headers={"host": "localhost", "authorization": f"Bearer {AuthToken.objects.create(user)[1]}"})
    person = Client(headers={"host": "localhost"})
    person.force_login(user)
    figures = [
        Figure(name, median_ms(lambda path=path: program.get(path), rounds=rounds), "ms", Limit("<", PAGES_WITHIN_MS))  # type: ignore[misc]
        for name, path in _pages(begin, count).items()
    ]
    # A page for people is bound by its templates.
    in_admin = median_ms(lambda: person.get("/admin/schedules/firing/?outcome__exact=error"), rounds=rounds)
    return [*figures, Figure("in the admin, an outcome that is rare", in_admin, "ms", note=f"{count:,} rows")]


def _pages(begin: datetime, count: int) -> dict[str, str]:
    """Return the addresses of pages of a hundred rows, by what they are."""
    middle = begin + PERIOD * (count // 2)
    row = Firing.objects.filter(decided_at__gte=middle).order_by("decided_at")[0]
    hour = {"from": middle.isoformat(), "to": (middle + timedelta(hours=1)).isoformat()}
    month = {"from": begin.isoformat(), "to": (begin + PERIOD * (count // 3)).isoformat()}
    queries: dict[str, dict[str, object]] = {
        "the first page": {},
        "a page half-way down": {"older_than": row.pk},
        "an outcome that is rare": {"outcome": "error"},
        "two outcomes": {"outcome": "error,missed"},
        "planned in an hour": {f"scheduled_{name}": value for name, value in hour.items()},
        "planned in the oldest third": {f"scheduled_{name}": value for name, value in month.items()},
        "decided in an hour": {f"decided_{name}": value for name, value in hour.items()},
        "of a task": {"task_id": Firing.objects.filter(task_id__isnull=False).earliest("id").task_id},
    }
    history = f"/api/schedules/{row.schedule_id}/firings"
    return {name: f"/api/firings?{urlencode(query)}" for name, query in queries.items()} | {
        "the history of a schedule": history,
        "the same, planned in the oldest third": f"{history}?{urlencode(queries['planned in the oldest third'])}",
    }


def _measure_clean_up(begin: datetime, count: int) -> list[Figure]:
    deleted: list[int] = []
    clean_up = Thread(
        target=_closing(lambda: deleted.append(delete_old_firings(decided_before=begin + PERIOD * count)))
    )
    started = time.perf_counter()
    clean_up.start()
    waits = []
    while clean_up.is_alive():
        waits.append(_write_turn())
        clean_up.join(timeout=0.05)
    seconds = time.perf_counter() - started
    undisturbed = [_write_turn() for _ in range(20)]
    return [
        Figure("clean-up", deleted[0] / seconds, "rows/s", note=f"{deleted[0]:,} rows, with its rests"),
        Figure(f"writing {ROWS_PER_TURN} firings beside it, p50", percentile(waits, 50), "ms"),
        Figure(f"writing {ROWS_PER_TURN} firings beside it, most", max(waits), "ms", note=f"of {len(waits)}"),
        Figure("the same without it, p50 ", percentile(undisturbed, 50), "ms"),
    ]


def _closing(work: Callable[[], object]) -> Callable[[], None]:
    """Return work for a thread, which has a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run


def _write_turn() -> float:
    """Write firings as a turn does, and return how many milliseconds that took."""
    now = datetime.now(UTC)
    rows = [_row(new_id(), now) for _ in range(ROWS_PER_TURN)]
    started = time.perf_counter()
    with write_transaction():
        insert_rows(Firing, rows, skips_conflicts=True)
    return 1000 * (time.perf_counter() - started)


def _row(schedule_id: UUID, now: datetime) -> dict[str, object]:
    columns: Sequence[str] = [str(field.column) for field in Firing._meta.concrete_fields]
    values = {
        "id": new_id(),
        "schedule_id": schedule_id,
        "schedule_name": "bench",
        "scheduled_for": now,
        "due_at": now,
        "decided_at": now,
        "count": 1,
        "lateness_ms": 0,
        "cause": "schedule",
        "outcome": "started",
        "reason": "",
        "task_id": new_id(),
    }
    return {column: values.get(column) for column in columns}
