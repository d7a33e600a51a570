"""Every page of the admin, over 10,000 schedules, 100,000 tasks and 100,000 firings."""

import time

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orchestrator_site.management.commands.up import ADMIN
from tests.bench.results import Figure, Limit, percentile
from tests.bench.seed import bench_workflow
from tests.support.many_rows import store_many
from tests.support.measured_pages import AdminPage, find_pages

SCHEDULES = 10_000
QUICK_SCHEDULES = 40
ROUNDS = 40
MOST_MS = 300


def measure_pages(*, is_quick: bool) -> list[Figure]:
    """Open each page again and again, through everything but the socket; the pages of rows, of the first row."""
    store_many(bench_workflow(), schedules=QUICK_SCHEDULES if is_quick else SCHEDULES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    person = Client(headers={"host": "localhost"})
    person.force_login(get_user_model().objects.create_superuser(ADMIN))
    return [_measure(person, page, rounds=2 if is_quick else ROUNDS) for page in find_pages(person)]


def _measure(person: Client, page: AdminPage, *, rounds: int) -> Figure:
    with CaptureQueriesContext(connection) as captured:
        assert person.get(page.path).status_code == 200, page
    statements = len(captured)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        person.get(page.path)
        times.append(1000 * (time.perf_counter() - started))
    note = f"p99 {percentile(times, 99):,.0f} ms, {statements} statements"
    return Figure(f"{page.name}, p50", percentile(times, 50), "ms", Limit("<", MOST_MS), note)
