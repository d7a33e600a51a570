"""What runs between two moments, over 100,000 schedules of all kinds; and counting their load in the background."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from knox.models import AuthToken

from orchestrator_site.common.clock import database_now
from orchestrator_site.management.commands.up import ADMIN
from schedules.models import PlannedLoad
from schedules.planned_load import HORIZON_DAYS, PacedEffort, refresh_load
from tests.bench.results import Figure, Limit, percentile
from tests.bench.seed import store_mixed_schedules

UNDISTURBED = timedelta(minutes=5)
ROUNDS = 30
MOST_MS = 100
# A far window has to ask every schedule that runs before it, for so long at most, and then says that it gave up.
MOST_FAR_MS = 3_000
MOST_COUNTING_SECONDS = 300


def measure_forecast(*, is_quick: bool) -> list[Figure]:
    """Count the load of many schedules at the pace of a scheduler, then ask for forecasts again and again."""
    count = 200 if is_quick else 100_000
    # No scheduler runs, so nothing may become due meanwhile: that is for the far window to pay.
    store_mixed_schedules(count, after=database_now() + UNDISTURBED)
    counting = _measure_counting(count)
    ask = _client()
    now = datetime.now(UTC)
    night = {"from": _say(now + timedelta(hours=14)), "to": _say(now + timedelta(hours=16))}
    month = {"to": _say(now + timedelta(days=30))}
    rounds = 2 if is_quick else ROUNDS
    return [
        *counting,
        _measure("the day to come", lambda: ask({}), rounds=rounds, limit=MOST_MS, note=f"{count:,} schedules"),
        _measure("the month to come", lambda: ask(month), rounds=max(2, rounds // 6)),
        _measure("two hours, 14 hours ahead", lambda: ask(night), rounds=max(2, rounds // 6), limit=MOST_FAR_MS),
        _measure("the day to come, by a part of the name", lambda: ask({"name": "bench 77"}), rounds=rounds),
    ]


def _measure_counting(count: int) -> list[Figure]:
    cpu, started = time.thread_time(), time.monotonic()
    refresh_load(clock=database_now, stop=threading.Event())
    cpu, passed = time.thread_time() - cpu, time.monotonic() - started
    days = len(PlannedLoad.objects.get().counts) / (24 * 60)
    return [
        Figure("counting the load", passed, "s", Limit("≤", MOST_COUNTING_SECONDS), f"{count:,} schedules"),
        Figure("counting, of a core", 100 * cpu / passed, "%", Limit("≤", 100 * PacedEffort.SHARE + 5)),
        Figure("counted ahead", days, "days", Limit("=", HORIZON_DAYS)),
    ]


def _client() -> Callable[[Mapping[str, str]], dict[str, Any]]:
    user = get_user_model().objects.create_superuser(ADMIN)
    token = AuthToken.objects.create(user)[1]
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})

    def ask(query: Mapping[str, str]) -> dict[str, Any]:
        response = client.get("/api/forecast", query)
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    return ask


def _measure(
    name: str, ask: Callable[[], dict[str, Any]], *, rounds: int, limit: float | None = None, note: str = ""
) -> Figure:
    times, cpu = [], time.process_time()
    for _ in range(rounds):
        started = time.perf_counter()
        found = ask()
        times.append(1000 * (time.perf_counter() - started))
    cpu = 1000 * (time.process_time() - cpu) / rounds
    ahead = datetime.fromisoformat(found["exact_until"]) - datetime.fromisoformat(found["from"])
    said = f"{cpu:,.0f} ms of a core; {len(found['instants'])} instants, exact for {ahead.total_seconds():,.0f} s"
    return Figure(
        f"{name}, p50",
        percentile(times, 50),
        "ms",
        Limit("≤", limit) if limit else None,
        ", ".join(filter(None, [note, said])),
    )


def _say(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
