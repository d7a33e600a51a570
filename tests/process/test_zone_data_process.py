"""A scheduler that starts with other time-zone data than the one before it."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from struct import pack

import pytest
import tzdata

from orchestrator_site.common.clock import database_now
from schedules.models import Firing, Schedule, ZoneData
from schedules.services import ScheduleDraft, create_schedule
from tests.process.conftest import MakeFaultWorkflow, Start
from tests.support.wait import wait_for

# Has had one offset of +5:30 for longer than anybody plans ahead.
ZONE = "Asia/Kolkata"
OTHER_VERSION = "2199z"
HOUR = timedelta(hours=1)


def fixed_zone(name: str, *, hours: int) -> bytes:
    """Return a zone of one offset as a TZif file has it (RFC 9636): a header and a body, twice, and a TZ string."""
    body = pack(">lbB", hours * 3600, 0, 0) + name.encode() + b"\0"
    header = b"TZif" + b"2" + bytes(15) + pack(">6l", 0, 0, 0, 0, 1, len(name) + 1)
    return 2 * (header + body) + f"\n<{name}>-{hours}\n".encode()


@pytest.fixture
def other_data(tmp_path: Path) -> Path:
    """Return a folder with a copy of the package of time-zone data, of another version and with one other zone."""
    package = tmp_path / "other" / "tzdata"
    shutil.copytree(Path(tzdata.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    package.joinpath("__init__.py").write_text(f'IANA_VERSION = "{OTHER_VERSION}"\n')
    package.joinpath("zoneinfo", *ZONE.split("/")).write_bytes(fixed_zone("+07", hours=7))
    return package.parent


def next_run_of(schedule: Schedule) -> datetime:
    next_run_at = Schedule.objects.values_list("next_run_at", flat=True).get(pk=schedule.pk)
    assert next_run_at is not None
    return next_run_at


@pytest.mark.timeout(120)
def test_next_runs_move_with_the_data_and_back_and_each_change_is_logged(
    start: Start, fork: Start, fault_workflow: MakeFaultWorkflow, other_data: Path
) -> None:
    workflow = fault_workflow("task_one_step")
    now = database_now()
    nightly = {"hour": now.hour, "minute": now.minute}  # in Asia: far from any turn of this test
    local, elsewhere, elapsed = (
        create_schedule(draft=ScheduleDraft(*draft), workflow=workflow, actor="a test")
        for draft in (
            ("local", "cron", {**nightly, "timezone": ZONE}),
            ("elsewhere", "cron", {**nightly, "timezone": "Asia/Tokyo"}),
            ("elapsed", "interval", {"hours": 3, "timezone": ZONE}),
        )
    )
    before = {each.pk: next_run_of(each) for each in (local, elsewhere, elapsed)}

    first = fork("scheduler", "run", "--no-worker")
    first.wait_for_event("zone_data_stored")
    assert first.stop() == 0
    assert ZoneData.objects.get().version == tzdata.IANA_VERSION

    second = start("scheduler", "run", "--no-worker", PYTHONPATH=other_data)
    second.wait_for_event("zone_data_changed")
    assert next_run_of(local) == before[local.pk] - 1.5 * HOUR
    assert {next_run_of(each) for each in (elsewhere, elapsed)} == {before[elsewhere.pk], before[elapsed.pk]}
    [change] = second.events("next_run_moved")
    assert change["schedule_id"] == str(local.pk)
    assert (change["from_version"], change["to_version"]) == (tzdata.IANA_VERSION, OTHER_VERSION)
    assert datetime.fromisoformat(change["from"]) == before[local.pk]
    assert datetime.fromisoformat(change["to"]) == before[local.pk] - 1.5 * HOUR
    [summary] = second.events("zone_data_changed")
    assert (summary["schedules"], summary["moved"]) == (3, 1)
    assert second.stop() == 0
    assert ZoneData.objects.get().version == OTHER_VERSION

    third = fork("scheduler", "run", "--no-worker")
    third.wait_for_event("zone_data_changed")
    assert {each.pk: next_run_of(each) for each in (local, elsewhere, elapsed)} == before
    assert third.stop() == 0


@pytest.mark.timeout(120)
def test_the_same_data_moves_nothing(fork: Start, fault_workflow: MakeFaultWorkflow) -> None:
    workflow = fault_workflow("task_one_step")
    nightly, often = (
        create_schedule(draft=ScheduleDraft(*draft), workflow=workflow, actor="a test")
        for draft in (
            ("nightly", "cron", {"hour": 2, "minute": 30, "timezone": ZONE}),
            ("often", "interval", {"seconds": 1}),
        )
    )
    ZoneData.objects.create(version=tzdata.IANA_VERSION, since=database_now())
    moved_by_hand = next_run_of(nightly) + HOUR
    Schedule.objects.filter(pk=nightly.pk).update(next_run_at=moved_by_hand)
    scheduler = fork("scheduler", "run", "--no-worker")
    wait_for(Firing.objects.filter(schedule_id=often.pk).exists, timeout=30, describe="a turn")
    assert scheduler.stop() == 0
    assert next_run_of(nightly) == moved_by_hand
    assert not scheduler.events("zone_data_changed")
