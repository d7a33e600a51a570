"""Running functions that are scheduled in code, and django-apscheduler's log of it."""

import time
import traceback as tracebacks
from datetime import datetime

import structlog
from django.db import connection
from django_apscheduler.models import DjangoJobExecution

from orchestrator_site.common.clock import Clock
from orchestrator_site.common.database import (
    no_transaction_left_open,
    transaction_depth,
    write_statement,
    write_transaction,
)
from schedules.decorated.registry import DecoratedFunction
from schedules.decorated.rows import store_new_function

log = structlog.get_logger(__name__)

MAX_EXCEPTION_CHARACTERS = 1_000
MAX_TRACEBACK_CHARACTERS = 20_000


def run_function(function: DecoratedFunction, *, execution_id: int, clock: Clock) -> BaseException | None:
    """Run a function whose execution is in the log, write there how it ended, and return what it raised."""
    failure: BaseException | None = None
    started = time.monotonic()
    with structlog.contextvars.bound_contextvars(job_id=function.id):
        try:
            _call(function)
        except (Exception, SystemExit) as error:
            failure = error
            log.exception("decorated_function_failed")
        else:
            log.info("decorated_function_ended")
        end = {
            "status": DjangoJobExecution.ERROR if failure else DjangoJobExecution.SUCCESS,
            "finished": clock().timestamp(),
            "duration": round(time.monotonic() - started, 2),
        }
        with write_statement():
            DjangoJobExecution.objects.filter(pk=execution_id).update(**end, **_described(failure))
    return failure


def start_execution(function: DecoratedFunction, *, now: datetime) -> int:
    """Write into the log that a function is run by hand, which moves nothing; return the id of the execution."""
    store_new_function(function, now=now)
    with write_transaction():
        execution = DjangoJobExecution.objects.create(job_id=function.id, run_time=now, status=DjangoJobExecution.SENT)
    return int(execution.pk)


def _call(function: DecoratedFunction) -> None:
    """Call a function, and leave a connection on which its end can be written.

    Raises:
        TransactionLeftOpen: It began a transaction that it did not end.
    """
    try:
        with no_transaction_left_open():
            function.call()
    finally:
        if not transaction_depth():  # the database may have been away meanwhile
            connection.close_if_unusable_or_obsolete()


def _described(failure: BaseException | None) -> dict[str, str | None]:
    if failure is None:
        return {"exception": None, "traceback": None}
    return {
        "exception": f"{type(failure).__name__}: {failure}"[:MAX_EXCEPTION_CHARACTERS],
        "traceback": "".join(tracebacks.format_exception(failure))[-MAX_TRACEBACK_CHARACTERS:],
    }


def delete_old_executions(*, run_before: datetime) -> int:
    """Delete what the log says of executions before a moment; return how many they were."""
    with write_transaction():
        deleted, _ = DjangoJobExecution.objects.filter(run_time__lt=run_before).delete()
    return int(deleted)
