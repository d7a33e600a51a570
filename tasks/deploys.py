"""Deploys while tasks live: which step lists there are, who can run them, and what becomes of a task.

Workers of two versions side by side are normal for a while. A worker that cannot run a task leaves it to one that can;
only where nobody can, and nobody newer is to come, the task stops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_statement, write_transaction
from tasks.models import StepsVersion, WorkerProcess
from tasks.queue import Claim
from workflows.engine import WorkflowDefinition, WorkflowError
from workflows.engine.versions import StepEntry, find_place, fingerprint, keeps_place, list_entries, show_side_by_side
from workflows.input_forms import form_digest
from workflows.registry import WorkflowCodeError, load_definitions

# A worker that has not been seen for so long counts as dead.
STALE_AFTER = timedelta(seconds=30)
# For so long workers of several versions are taken to run side by side.
MIXED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Version:
    """A step list by its contents."""

    id: str
    workflow_name: str
    entries: tuple[StepEntry, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """The task goes on at this position of the present list.

    `is_mapped` if an alias has led it there, so that its position is one of another list; `keeps_answers` if the step
    there asks the same form.
    """

    position: int
    is_mapped: bool = False
    keeps_answers: bool = True


@dataclass(frozen=True, slots=True)
class Leave:
    """Another worker is to run it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody can run it without guessing; the reason shows both lists."""

    reason: str


Placement = GoOn | Leave | Stop


# Worked out once for each definition; that of a name is another one only in tests.
_versions: dict[str, tuple[WorkflowDefinition, Version]] = {}
# Ids of versions that this process has written down.
_saved: set[str] = set()


def version_of(definition: WorkflowDefinition) -> Version:
    """Return the version of the step list that this process has of a workflow.

    Raises:
        WorkflowCodeError: One of its forms cannot be used.
    """
    version = _versions.get(definition.name)
    if version is None or version[0] is not definition:
        entries = _list_entries(definition)
        version = _versions[definition.name] = (
            definition,
            # each workflow has its own: when one was seen first says nothing of another that has the same steps
            Version(fingerprint([StepEntry(definition.name), *entries]), definition.name, entries),
        )
    return version[1]


def _list_entries(definition: WorkflowDefinition) -> tuple[StepEntry, ...]:
    try:
        return list_entries(
            definition.steps,
            initial_form=definition.initial_input_form,
            digest=lambda form: form_digest(form=form),
        )
    except WorkflowError as error:
        raise WorkflowCodeError(f"a form of workflow '{definition.name}' cannot be used: {error}") from error


def save_version(version: Version) -> None:
    """Write down that a version is in use, once for this process; tasks that ran by it name it.

    It counts as written when the transaction has committed in which that was done.
    """
    if version.id not in _saved:
        with write_statement():
            _write_versions([version], now=database_now())
        transaction.on_commit(partial(_saved.add, version.id))


def _write_versions(versions: Iterable[Version], *, now: datetime) -> None:
    rows = {
        version.id: StepsVersion(
            id=version.id,
            workflow_name=version.workflow_name,
            entries=[[entry.name, entry.form] for entry in version.entries],
            first_seen_at=now,
            last_seen_at=now,
        )
        for version in versions
    }
    # In one order, so that no two workers wait for one another's rows.
    StepsVersion.objects.bulk_create(
        [rows[version_id] for version_id in sorted(rows)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["last_seen_at"],
    )


def read_entries(version_id: str) -> tuple[StepEntry, ...] | None:
    """Return the step list of a version; None for one that was never written down."""
    row = StepsVersion.objects.filter(pk=version_id).values_list("entries", flat=True).first()
    return None if row is None else tuple(StepEntry(name, form) for name, form in row)


def find_placement_of(*, steps_version: str, position: int, definition: WorkflowDefinition) -> GoOn | Stop:
    """Say where a task goes on by the present step list.

    Args:
        steps_version: The version of the list that it has run by; empty if none of its steps has run.
        position: How many of those have passed.
        definition: The present code of its workflow.
    """
    present = version_of(definition)
    if steps_version in {"", present.id}:
        return GoOn(position)
    stored, aliases = read_entries(steps_version) or (), definition.step_aliases
    if keeps_place(stored=stored, position=position, present=present.entries, aliases=aliases):
        return GoOn(position)
    place = find_place(stored=stored, position=position, present=present.entries, aliases=aliases)
    if place is not None:
        keeps_answers = stored[position].form == present.entries[place].form
        return GoOn(place, is_mapped=True, keeps_answers=keeps_answers)
    lists = show_side_by_side(stored, present.entries, position=position)
    return Stop(f"its steps were changed; choose the step at which it is to go on (resume_at)\n\n{lists}")


def find_placement(claim: Claim, definition: WorkflowDefinition, *, worker: str, now: datetime) -> Placement:
    """Say what a worker is to do with a task: go on, leave it to another worker that can, or stop it."""
    placement = find_placement_of(steps_version=claim.steps_version, position=claim.position, definition=definition)
    if isinstance(placement, GoOn):
        return placement
    stored = read_entries(claim.steps_version) or ()
    if any(_can_run(each, stored, claim) for each in _live_versions(claim.workflow_name, besides=worker, now=now)):
        return Leave("another worker has the version of its steps that it ran by, or one that fits")
    if _is_newer(claim.steps_version, than=version_of(definition).id, now=now):
        return Leave("it ran by a newer version of its steps")
    return placement


def is_known_elsewhere(claim: Claim, *, worker: str, now: datetime) -> bool:
    """Tell whether the code of a workflow that this process does not have is, or may come to be, in another one."""
    is_known = any(True for _ in _live_versions(claim.workflow_name, besides=worker, now=now))
    return is_known or now - claim.created_at < MIXED_FOR


def _can_run(version_id: str, stored: Sequence[StepEntry], claim: Claim) -> bool:
    entries = read_entries(version_id)
    if entries is None:
        return False
    return find_place(stored=stored, position=claim.position, present=entries, aliases={}) is not None


def _live_versions(workflow_name: str, *, besides: str, now: datetime) -> Iterable[str]:
    """Yield the versions of a workflow that other workers have which are alive."""
    alive = WorkerProcess.objects.filter(last_seen_at__gt=now - STALE_AFTER).exclude(pk=besides)
    found = {versions.get(workflow_name) for versions in alive.values_list("versions", flat=True)}
    return filter(None, found)


def _is_newer(version_id: str, *, than: str, now: datetime) -> bool:
    """Tell whether a version was first seen after another one, and a worker had it within the last hour."""
    seen = StepsVersion.objects.in_bulk([version_id, than])
    this, other = seen.get(version_id), seen.get(than)
    if this is None or other is None or this.first_seen_at <= other.first_seen_at:
        return False
    since = now - MIXED_FOR
    return this.last_seen_at > since or any(_had(version_id, this.workflow_name, since=since))


def _had(version_id: str, workflow_name: str, *, since: datetime) -> Iterable[bool]:
    """Yield, for each worker that was seen since then, whether it has this version; those that died too."""
    rows = WorkerProcess.objects.filter(last_seen_at__gt=since)
    return (versions.get(workflow_name) == version_id for versions in rows.values_list("versions", flat=True))


def load_versions() -> tuple[list[Version], dict[str, str]]:
    """Load the code of every registered workflow; return the versions, and by name what is wrong with what has none."""
    definitions, problems = load_definitions()
    versions = []
    for definition in definitions:
        try:
            versions.append(version_of(definition))
        except WorkflowCodeError as error:
            problems[definition.name] = str(error)
    return versions, problems


def register_worker(*, name: str, host: str, pid: int, versions: Iterable[Version], now: datetime) -> None:
    """Write down that a worker has started, and what it knows; forget those that died a day ago."""
    known = list(versions)
    with write_transaction():
        WorkerProcess.objects.filter(last_seen_at__lt=now - timedelta(days=1)).delete()
        _write_versions(known, now=now)
        WorkerProcess.objects.create(
            id=name,
            host=host,
            pid=pid,
            started_at=now,
            last_seen_at=now,
            versions={version.workflow_name: version.id for version in known},
        )
    _saved.update(version.id for version in known)


def forget_saved() -> None:
    """Forget what this process has written down: the database is another one."""
    _saved.clear()


def see_worker(*, name: str, now: datetime) -> None:
    """Write down that a worker is alive."""
    WorkerProcess.objects.filter(pk=name).update(last_seen_at=now)


def forget_worker(*, name: str, now: datetime) -> None:
    """Write down that a worker has ended, and that what it knew was in use until now."""
    with write_transaction():
        row = WorkerProcess.objects.filter(pk=name).first()
        if row is not None:
            StepsVersion.objects.filter(pk__in=row.versions.values()).update(last_seen_at=now)
            row.delete()
