"""Triggers alone: how fast the next instant is found, and a trigger is built. Neither needs the database."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from schedules.triggers import Trigger, build_trigger
from schedules.triggers.build import _build_cached
from tests.bench.results import Figure, Limit
from tests.support.crontab_corpus import CORPUS

ZONE = "Europe/Amsterdam"
GRID_START = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
# The best of so many rounds: what another process takes away is no property of a trigger.
ROUNDS = 3
INTERVAL = ("interval", {"minutes": 5})
NIGHTLY = {"trigger": "cron", "trigger_kwargs": {"hour": 2, "minute": 30}}
COMBINED: dict[str, dict[str, Any]] = {
    "or": {"triggers": [NIGHTLY, {"trigger": "interval", "trigger_kwargs": {"hours": 6}}]},
    "and": {"triggers": [NIGHTLY, {"trigger": "cron", "trigger_kwargs": {"crontab": "30 2 * * 5L"}}]},
}

Evaluate = Callable[[datetime], object]


def measure_triggers(*, is_quick: bool) -> list[Figure]:
    """Look for the next instant from moments spread over a year, one evaluation after the other on one core."""
    count = 50 if is_quick else 2_000
    return [
        *_corpus_figures(count),
        Figure("interval", _rate(build(*INTERVAL), 10 * count), "evaluations/s", Limit("≥", 200_000)),
        *(
            Figure(f"'{kind}' of two", _rate(build(kind, kwargs), count), "evaluations/s")
            for kind, kwargs in COMBINED.items()
        ),
        *_building_figures(rounds=1 if is_quick else 20),
    ]


def build(kind: str, kwargs: dict[str, Any]) -> Trigger:
    return build_trigger(kind, kwargs, timezone=ZONE, grid_start=GRID_START)


def _corpus_figures(count: int) -> list[Figure]:
    ours = {line.crontab: _rate(build("cron", {"crontab": line.crontab}), count) for line in CORPUS}
    # It is so slow on some of them that fewer moments have to do.
    stock = {crontab: _rate_from(each, count // 10) for crontab, each in _stock_evaluations().items()}
    worst = min(ours, key=lambda crontab: ours[crontab])
    least = min(stock, key=lambda crontab: stock[crontab])
    ratio = statistics.median(ours[crontab] / stock[crontab] for crontab in stock)
    return [
        Figure(
            "cron, median",
            statistics.median(ours.values()),
            "evaluations/s",
            Limit("≥", 20_000),
            f"{len(ours)} crontab strings as they are met, {ZONE}",
        ),
        Figure("cron, worst", ours[worst], "evaluations/s", Limit("≥", 5_000), worst),
        Figure(
            "stock: median", statistics.median(stock.values()), "evaluations/s", note=f"those {len(stock)} it reads"
        ),
        Figure("stock: worst", stock[least], "evaluations/s", note=least),
        Figure("cron: faster by", ratio, "times", note="median of the same strings"),
    ]


def _stock_evaluations() -> dict[str, Evaluate]:
    """Return APScheduler's own triggers for those strings that it can read; some of them it reads as other days."""
    found: dict[str, Evaluate] = {}
    for line in CORPUS:
        try:
            trigger = CronTrigger.from_crontab(line.crontab, timezone=ZONE)
        except ValueError:
            continue
        found[line.crontab] = lambda moment, trigger=trigger: trigger.get_next_fire_time(None, moment)  # type: ignore[misc]
    return found


def _rate(trigger: Trigger, count: int) -> float:
    return _rate_from(trigger.next_after, count)


def _rate_from(evaluate: Evaluate, count: int) -> float:
    """Return evaluations per second, the best round of several."""
    moments = [GRID_START + YEAR * number / count for number in range(count)]
    return count / min(_seconds(evaluate, moments) for _ in range(ROUNDS))


def _seconds(evaluate: Evaluate, moments: Sequence[datetime]) -> float:
    started = time.perf_counter()
    for moment in moments:
        evaluate(moment)
    return time.perf_counter() - started


def _building_figures(*, rounds: int) -> list[Figure]:
    cold, cached = [], []
    for _ in range(rounds):
        _build_cached.cache_clear()
        cold.append(_seconds_of_building())
        cached.append(_seconds_of_building())
    return [
        Figure("building, new", len(CORPUS) / min(cold), "triggers/s", note="the same strings"),
        Figure("building, built before", len(CORPUS) / min(cached), "triggers/s"),
    ]


def _seconds_of_building() -> float:
    started = time.perf_counter()
    for line in CORPUS:
        build("cron", {"crontab": line.crontab})
    return time.perf_counter() - started
