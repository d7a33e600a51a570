"""What a load balancer or an orchestrator of containers asks: alive, and ready for requests."""

from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


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
        # The class alone: the text may name hosts and users, and anybody may ask.
        return _refuse(f"the database cannot be reached ({type(error).__name__})")
    if unapplied:
        return _refuse(f"migrations not applied: {len(unapplied)}; run: manage.py migrate")
    return JsonResponse({"status": "ready"})


def _refuse(reason: str) -> JsonResponse:
    return JsonResponse({"status": "not ready", "reason": reason}, status=503)


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
