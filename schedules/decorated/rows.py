"""The rows of functions that are scheduled in code, in django-apscheduler's table of jobs.

A row holds when the function runs next, and as JSON under which rule. It is never a pickle: a row whose function is
gone, or that something else wrote, can always be shown, and harms nobody.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from orchestrator_site.common.database import write_transaction
from schedules.decorated.registry import DECORATED, DecoratedFunction
from schedules.decorated.rules import Rule
from schedules.triggers import Trigger, TriggerError, latest_fire_time
from schedules.triggers.base import later_by

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFunction:
    """What a row says of its function; `grid_start_at` is when the rule was first stored, in ISO 8601."""

    name: str
    reference: str
    rule: Rule
    grid_start_at: str

    def build_trigger(self) -> Trigger:
        """Build its trigger.

        Raises:
            TriggerError: It cannot be built.
        """
        return self.rule.build(grid_start=datetime.fromisoformat(self.grid_start_at))

    def next_run_after(self, moment: datetime, *, spread: timedelta) -> datetime | None:
        """Return when it runs next, its spread included, of what is planned after a moment.

        Raises:
            TriggerError: Its trigger cannot be built or evaluated.
        """
        planned = self.build_trigger().next_after(moment)
        return None if planned is None else later_by(spread, planned)


@dataclass(frozen=True, slots=True)
class ShownFunction:
    """A function for people; `problem` says why it does not run, if it does not."""

    id: str
    name: str
    trigger: str
    timezone: str
    next_run_at: datetime | None
    problem: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """An instant of a function that this process, and no other, may run."""

    function_id: str
    scheduled_for: datetime
    next_run_at: datetime | None
    execution_id: int
    is_missed: bool


def write_state(stored: StoredFunction) -> bytes:
    """Return what the column `job_state` holds."""
    return json.dumps(asdict(stored)).encode()


def read_state(state: bytes | memoryview) -> StoredFunction | None:
    """Return what a row says of its function; None when something else wrote it, such as the stock job store."""
    try:
        data = json.loads(bytes(state))
        datetime.fromisoformat(data["grid_start_at"])
        return StoredFunction(**{**data, "rule": Rule(**data["rule"])})
    except (ValueError, TypeError, KeyError):
        return None


def store_function(function: DecoratedFunction, *, now: datetime) -> None:
    """Give a function its row; one that is there keeps its next run time unless the rule is another one.

    A restart so moves nothing: what came due meanwhile is still due, and an interval goes on from where it was.
    """
    with write_transaction():
        row = DjangoJob.objects.select_for_update().filter(pk=function.id).first()
        stored = read_state(row.job_state) if row else None
        is_kept = stored is not None and stored.rule == function.rule
        fresh = StoredFunction(
            name=function.name,
            reference=function.reference,
            rule=function.rule,
            grid_start_at=stored.grid_start_at if stored and is_kept else now.isoformat(),
        )
        if row is not None and is_kept:
            if fresh != stored:
                DjangoJob.objects.filter(pk=row.pk).update(job_state=write_state(fresh))
            return
        next_run_at = _first_run(fresh, function, now=now)
        values = {"next_run_time": next_run_at, "job_state": write_state(fresh)}
        if row is None:
            # Two schedulers may start at once: the row of the one that came first stays.
            DjangoJob.objects.bulk_create([DjangoJob(id=function.id, **values)], ignore_conflicts=True)
        else:
            DjangoJob.objects.filter(pk=row.pk).update(**values)
    log.info("decorated_function_stored", job_id=function.id, next_run_at=_in_words(next_run_at))


def _first_run(stored: StoredFunction, function: DecoratedFunction, *, now: datetime) -> datetime | None:
    """Return when a function runs next; one that cannot be evaluated by now stops no other."""
    try:
        return stored.next_run_after(now, spread=function.rule.spread_of(function.id))
    except TriggerError as error:
        log.error("decorated_function_broke", job_id=function.id, reason=str(error))
        return None


def store_new_function(function: DecoratedFunction, *, now: datetime) -> None:
    """Give a function its row if it has none; one that is there is left as the schedulers have it."""
    if not DjangoJob.objects.filter(pk=function.id).exists():
        store_function(function, now=now)


def claim_due(function: DecoratedFunction, row: DjangoJob, *, now: datetime) -> Claim | None:
    """Move a due row on and write its latest due instant into the log of executions, in one transaction.

    Only then may the function run. Whoever dies in between leaves an execution that was started and never ended, and
    the instant does not run again: at most once. None when another scheduler was first.
    """
    stored = read_state(row.job_state)
    if stored is None:
        log.error("decorated_row_unreadable", job_id=row.pk)
        store_function(function, now=now)
        return None
    try:
        spread = stored.rule.spread_of(row.pk)
        latest = latest_fire_time(stored.build_trigger(), until=now - spread)
        scheduled_for = row.next_run_time if latest is None else max(latest + spread, row.next_run_time)
        next_run_at = stored.next_run_after(now - spread, spread=spread)
    except TriggerError as error:
        log.error("decorated_function_broke", job_id=row.pk, reason=str(error))
        DjangoJob.objects.filter(pk=row.pk, next_run_time=row.next_run_time).update(next_run_time=None)
        return None
    late_seconds = (now - scheduled_for).total_seconds()
    is_missed = function.misfire_grace_seconds is not None and late_seconds > function.misfire_grace_seconds
    with write_transaction():
        unclaimed = DjangoJob.objects.filter(pk=row.pk, next_run_time=row.next_run_time)
        if not unclaimed.update(next_run_time=next_run_at):
            log.info("decorated_claim_lost", job_id=row.pk, scheduled_for=_in_words(scheduled_for))
            return None
        execution, is_new = DjangoJobExecution.objects.get_or_create(
            job_id=row.pk,
            run_time=scheduled_for,
            defaults={"status": DjangoJobExecution.MISSED if is_missed else DjangoJobExecution.SENT},
        )
    if not is_new:  # the clock or the database was set back
        log.warning("decorated_instant_has_run", job_id=row.pk, scheduled_for=_in_words(scheduled_for))
        return None
    return Claim(row.pk, scheduled_for, next_run_at, execution.pk, is_missed=is_missed)


def list_functions(*, now: datetime) -> list[ShownFunction]:
    """Return every function that is scheduled in code or has a row, as far as this process knows the code."""
    rows = {row.pk: row for row in DjangoJob.objects.all()}
    shown = [_show(row, DECORATED.get(row.pk)) for row in rows.values()]
    return shown + [_show_new(function, now) for function in DECORATED.values() if function.id not in rows]


def log_leftovers(function_ids: Iterable[str]) -> None:
    """Log what earlier schedulers have left: rows without code, and executions that were started and never ended."""
    for row in DjangoJob.objects.exclude(pk__in=function_ids).order_by("pk"):
        log.warning("decorated_function_has_no_code", job_id=row.pk)
    started = DjangoJobExecution.objects.filter(status=DjangoJobExecution.SENT, job_id__in=function_ids)
    for execution in started.order_by("run_time"):
        log.warning(
            "decorated_run_has_no_end",
            job_id=execution.job_id,
            scheduled_for=_in_words(execution.run_time),
            meaning="it still runs in another process, or that died; it is not run again",
        )


def find_function(function_id: str, *, now: datetime) -> tuple[StoredFunction | None, str] | None:
    """Return what is stored of a function, and what keeps it from running; None if there is none of this id.

    One that no scheduler has seen yet is returned as the next one that starts will store it.
    """
    row, function = DjangoJob.objects.filter(pk=function_id).first(), DECORATED.get(function_id)
    if row is not None:
        return _read(row, function)
    return None if function is None else (_read_new(function, now), "")


def _read(row: DjangoJob, function: DecoratedFunction | None) -> tuple[StoredFunction | None, str]:
    stored = read_state(row.job_state)
    if stored is None:
        return None, "written by something else"
    try:
        stored.build_trigger()
    except TriggerError as error:
        return stored, str(error)
    return stored, "" if function else f"no code: {stored.reference} is not scheduled any more"


def _read_new(function: DecoratedFunction, now: datetime) -> StoredFunction:
    return StoredFunction(function.name, function.reference, function.rule, now.isoformat())


def _show(row: DjangoJob, function: DecoratedFunction | None) -> ShownFunction:
    stored, problem = _read(row, function)
    if stored is None:
        return ShownFunction(row.pk, row.pk, "unreadable", "", row.next_run_time, problem)
    rule = stored.rule
    try:
        trigger, summary = str(stored.build_trigger()), rule.summary
    except TriggerError:
        trigger, summary = f"{rule.trigger}{json.dumps(rule.trigger_kwargs)}", ""
    return ShownFunction(row.pk, stored.name, trigger, rule.timezone, row.next_run_time, problem, summary)


def _show_new(function: DecoratedFunction, now: datetime) -> ShownFunction:
    rule, stored = function.rule, _read_new(function, now)
    next_run_at = _first_run(stored, function, now=now)
    trigger = str(stored.build_trigger())
    return ShownFunction(
        function.id, function.name, trigger, rule.timezone, next_run_at, "not stored yet", rule.summary
    )


def _in_words(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
