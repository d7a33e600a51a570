"""The first pages that people and programs ask for most, over few and over many schedules."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib.auth import get_user_model
from django.http import HttpResponseBase
from django.test import Client
from knox.models import AuthToken

from orchestrator_site.management.commands.up import ADMIN
from tests.bench.results import Figure, Limit, percentile
from tests.bench.seed import store_schedules

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (10, 20, 40)
ROUNDS = 60
QUERY = "{ scheduledTasks { page { id workflowId name nextRunTime trigger } pageInfo { hasNextPage } } }"

Request = Callable[[], HttpResponseBase]


def measure_lists(*, is_quick: bool) -> list[Figure]:
    """Ask for each first page again and again, through everything but the socket; the median counts."""
    sizes = QUICK_SIZES if is_quick else SIZES
    requests = _requests()
    medians: dict[str, list[float]] = {name: [] for name in requests}
    stored = 0
    for size in sizes:
        due_at = datetime.now(UTC) + timedelta(days=1)
        store_schedules(size - stored, period=timedelta(days=1), first_at=lambda _, due_at=due_at: due_at)  # type: ignore[misc]
        stored = size
        for name, request in requests.items():
            medians[name].append(median_ms(request, rounds=3 if is_quick else ROUNDS))
    return [figure for name in requests for figure in _figures(name, medians[name], sizes)]


def _requests() -> dict[str, Request]:
    user = get_user_model().objects.create_superuser(ADMIN)
    token = AuthToken.objects.create(user)[1]
    program = Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})
    person = Client(headers={"host": "localhost"})
    person.force_login(user)
    return {
        "GraphQL scheduledTasks": lambda: program.post(
            "/api/graphql", {"query": QUERY}, content_type="application/json"
        ),
        "GET /api/schedules": lambda: program.get("/api/schedules?page_size=10"),
        "schedules in the admin": lambda: person.get("/admin/schedules/schedule/"),
    }


def median_ms(request: Request, *, rounds: int) -> float:
    """Return how long a request takes, the median of some."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        response = request()
        times.append(1000 * (time.perf_counter() - started))
        assert response.status_code == 200, f"{response.status_code}"
    return percentile(times, 50)


def _figures(name: str, medians: list[float], sizes: tuple[int, ...]) -> list[Figure]:
    few, some, many = medians
    # A page for people is bound by its templates: about 1 ms for each of its rows.
    limit = None if "admin" in name else Limit("<", 30)
    return [
        Figure(f"{name}, p50", some, "ms", limit, f"{sizes[1]:,} schedules"),
        Figure(f"{name}, {sizes[2]:,} to {sizes[0]:,}", many / few, "times", Limit("≤", 2)),
    ]
