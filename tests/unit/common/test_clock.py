"""The database's clock, carried on by the monotonic one between two readings."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import OperationalError

from orchestrator_site.common.clock import RESYNC_SECONDS, DatabaseClock, as_iso, in_words

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Machine:
    """A database whose time is `now`, on a machine whose monotonic clock shows `monotonic`."""

    def __init__(self) -> None:
        self.now = NOON
        self.seconds = 5_000.0
        self.readings = 0
        self.is_away = False

    def read(self) -> datetime:
        self.readings += 1
        if self.is_away:
            raise OperationalError("server closed the connection unexpectedly")
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the machine; the database's clock is moved by hand."""
        self.seconds += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine whose clocks stand still."""
    made = Machine()
    monkeypatch.setattr("orchestrator_site.common.clock.time.monotonic", made.monotonic)
    return made


def test_nothing_is_read_before_the_first_look(machine: Machine) -> None:
    DatabaseClock(read=machine.read)
    assert machine.readings == 0


def test_the_first_look_gives_the_databases_time(machine: Machine) -> None:
    assert DatabaseClock(read=machine.read)() == NOON


def test_time_goes_on_without_asking_the_database(machine: Machine) -> None:
    now = DatabaseClock(read=machine.read)
    now()
    machine.let_pass(1.5)
    assert now() == NOON + timedelta(seconds=1.5)
    machine.let_pass(RESYNC_SECONDS - 1.5)
    assert now() == NOON + timedelta(seconds=RESYNC_SECONDS)
    assert machine.readings == 1


def test_the_database_is_asked_again_after_the_time_set_for_it(machine: Machine) -> None:
    now = DatabaseClock(read=machine.read, resync_seconds=60)
    now()
    machine.now = NOON + timedelta(hours=1)
    machine.let_pass(60)
    assert now() == NOON + timedelta(seconds=60)
    machine.let_pass(0.001)
    assert now() == NOON + timedelta(hours=1)
    assert machine.readings == 2
    machine.let_pass(59)
    assert now() == NOON + timedelta(hours=1, seconds=59)
    assert machine.readings == 2


def test_time_goes_on_while_the_database_is_away(machine: Machine) -> None:
    now = DatabaseClock(read=machine.read)
    now()
    machine.is_away = True
    machine.let_pass(RESYNC_SECONDS + 1)
    assert now() == NOON + timedelta(seconds=RESYNC_SECONDS + 1)
    machine.let_pass(RESYNC_SECONDS)
    assert now() == NOON + timedelta(seconds=2 * RESYNC_SECONDS + 1)
    assert machine.readings == 2, "it was asked again before its time"
    machine.is_away = False
    machine.now = NOON + timedelta(hours=1)
    machine.let_pass(0.001)
    assert now() == NOON + timedelta(hours=1)


def test_there_is_no_time_before_the_database_has_been_read(machine: Machine) -> None:
    machine.is_away = True
    with pytest.raises(OperationalError):
        DatabaseClock(read=machine.read)()


def test_the_time_is_aware_and_in_utc(machine: Machine) -> None:
    assert DatabaseClock(read=machine.read)().tzinfo is UTC


def test_two_clocks_do_not_share_their_reading(machine: Machine) -> None:
    DatabaseClock(read=machine.read)()
    machine.now = NOON + timedelta(days=1)
    assert DatabaseClock(read=machine.read)() == NOON + timedelta(days=1)


def test_a_moment_is_written_in_utc_whatever_its_offset() -> None:
    moment = (NOON + timedelta(microseconds=5)).astimezone(timezone(timedelta(hours=2)))
    assert as_iso(moment) == "2027-03-01T12:00:00.000005Z"
    assert in_words(moment) == "2027-03-01 12:00:00+00:00"


def test_no_moment_is_null_for_programs_and_nothing_for_people() -> None:
    assert as_iso(None) is None
    assert in_words(None) == ""
