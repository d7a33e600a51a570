"""What a load balancer, a monitor or an orchestrator of containers asks: alive, ready, and does anybody fire."""

from functools import cache
from typing import Any

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orchestrator_site.common.clock import database_now
from schedules.processes import Standing, find_standing


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 whenever the process can answer at all."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database can be reached and is migrated, else 503 with the reason."""
    try:
        unapplied = find_unapplied_migrations()
    except Error as error:
        return _refuse("not ready", _unreachable(error))
    if unapplied:
        return _refuse("not ready", f"migrations not applied: {len(unapplied)}; run: manage.py migrate")
    return JsonResponse({"status": "ready"})


@require_safe
@never_cache
def scheduler(request: HttpRequest) -> JsonResponse:
    """Answer 200 when at least one scheduler is alive, else 503 with the reason; counts and seconds, no names."""
    try:
        standing = find_standing(now=database_now())
    except Error as error:
        return _refuse("unknown", _unreachable(error))
    if not standing.is_alive:
        return _refuse("not alive", "no scheduler is alive", **_figures(standing))
    return JsonResponse({"status": "alive", **_figures(standing)})


def _figures(standing: Standing) -> dict[str, Any]:
    counts = {state.value: count for state, count in standing.counts.items()}
    return {"schedulers": counts, "behind_seconds": round(standing.behind.total_seconds(), 3)}


def _unreachable(error: Error) -> str:
    # The class alone: the text may name hosts and users, and anybody may ask.
    return f"the database cannot be reached ({type(error).__name__})"


def _refuse(status: str, reason: str, **figures: Any) -> JsonResponse:
    return JsonResponse({"status": status, "reason": reason, **figures}, status=503)


def find_unapplied_migrations() -> frozenset[tuple[str, str]]:
    """Return the (app, name) of every migration in code that the database does not record.

    Raises:
        django.db.Error: The database cannot be reached.
    """
    return known_migrations() - MigrationRecorder(connection).applied_migrations().keys()


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return all migrations in code, read from disk once: they do not change while we run."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)
