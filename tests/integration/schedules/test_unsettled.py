"""What has passed of a schedule that is held, before the turn writes it."""

from datetime import datetime, timedelta

import pytest

from schedules.firing import fire_due
from schedules.models import Firing, Schedule
from schedules.unsettled import Unsettled, find_unsettled
from tasks.models import EngineFreeze
from tests.support.factories import HOUR, NOW, SECOND, make_schedule

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def freeze(start: datetime, *, until: datetime | None = None) -> EngineFreeze:
    return EngineFreeze.objects.create(
        started_at=start, started_by="ada", reason="core upgrade", until=until, in_force=True
    )


def paused(schedule: Schedule, *, until: datetime | None = None) -> Schedule:
    pause = {"paused_at": NOW - MINUTE, "paused_by": "ada", "pause_reason": "the line is down", "paused_until": until}
    Schedule.objects.filter(pk=schedule.pk).update(state="paused", next_run_at=until, **pause)
    return Schedule.objects.get(pk=schedule.pk)


def ends(unsettled: Unsettled | None) -> tuple[datetime, datetime, int | None] | None:
    return (unsettled.first, unsettled.last, unsettled.count) if unsettled else None


def test_nothing_is_unsettled_while_nothing_holds_the_schedule() -> None:
    assert find_unsettled(make_schedule(), now=NOW + 3 * HOUR) is None


def test_it_is_what_the_turn_writes_when_the_freeze_ends() -> None:
    schedule = make_schedule(next_run_at=NOW)
    row = freeze(NOW - MINUTE)
    assert find_unsettled(schedule, now=NOW - SECOND) is None
    assert ends(find_unsettled(schedule, now=NOW)) == (NOW, NOW, 1)
    unsettled = find_unsettled(schedule, now=NOW + 2 * HOUR + MINUTE)
    assert unsettled is not None
    assert str(unsettled) == (
        "3 from 2027-03-01 09:00:00Z to 2027-03-01 11:00:00Z, skipped_frozen:"
        " the engine was frozen by ada since 2027-03-01 08:59:00Z: core upgrade"
    )
    EngineFreeze.objects.filter(pk=row.pk).update(in_force=None, ended_at=NOW + 2 * HOUR + MINUTE)
    fire_due(limit=10, now=NOW + 2 * HOUR + MINUTE)
    written = list(Firing.objects.order_by("scheduled_for"))
    assert {(each.outcome, each.reason) for each in written} == {(unsettled.outcome, unsettled.reason)}
    assert len(written) == unsettled.count
    assert (written[0].scheduled_for, written[-1].scheduled_for) == (unsettled.first, unsettled.last)
    assert find_unsettled(Schedule.objects.get(), now=NOW + 2 * HOUR + MINUTE) is None


def test_a_pause_is_told_like_a_freeze_and_written_alike_when_it_ends() -> None:
    schedule = paused(make_schedule(next_run_at=NOW, grid_start_at=NOW - HOUR))
    assert find_unsettled(schedule, now=NOW - SECOND) is None
    unsettled = find_unsettled(schedule, now=NOW + 2 * HOUR + MINUTE)
    assert unsettled is not None
    assert str(unsettled) == (
        "3 from 2027-03-01 09:00:00Z to 2027-03-01 11:00:00Z, skipped_paused:"
        " paused by ada since 2027-03-01 08:59:00Z: the line is down"
    )
    until = NOW + 3 * HOUR
    Schedule.objects.filter(pk=schedule.pk).update(paused_until=until, next_run_at=until)
    fire_due(limit=10, now=until)
    skipped = list(Firing.objects.filter(outcome=unsettled.outcome).order_by("scheduled_for"))
    assert (skipped[0].scheduled_for, skipped[-1].scheduled_for) == (unsettled.first, unsettled.last)
    assert len(skipped) == unsettled.count
    assert Firing.objects.get(scheduled_for=until).outcome == "started"
    assert find_unsettled(Schedule.objects.get(), now=until) is None


def test_a_pause_comes_before_a_freeze() -> None:
    schedule = paused(make_schedule(next_run_at=NOW, grid_start_at=NOW - HOUR))
    freeze(NOW - HOUR)
    unsettled = find_unsettled(schedule, now=NOW + HOUR)
    assert unsettled is not None
    assert (unsettled.count, unsettled.outcome) == (2, "skipped_paused")


def test_after_a_pause_that_has_ended_in_a_freeze_the_freeze_is_told() -> None:
    until = NOW + HOUR
    schedule = paused(make_schedule(next_run_at=NOW), until=until)
    freeze(NOW - HOUR)
    unsettled = find_unsettled(schedule, now=NOW + 3 * HOUR)
    assert ends(unsettled) == (until, NOW + 3 * HOUR, 3)
    assert unsettled is not None
    assert unsettled.outcome == "skipped_frozen"


def test_a_run_at_the_end_is_told() -> None:
    schedule = paused(make_schedule(next_run_at=NOW, resume_policy="run_once"))
    unsettled = find_unsettled(schedule, now=NOW + HOUR)
    assert unsettled is not None
    assert unsettled.reason.endswith("; the last of them runs when that has ended (resume_policy)")


def test_what_passed_before_the_freeze_is_not_part_of_it() -> None:
    schedule = make_schedule(next_run_at=NOW)
    freeze(NOW + 90 * MINUTE)
    assert find_unsettled(schedule, now=NOW + HOUR) is None
    assert ends(find_unsettled(schedule, now=NOW + 3 * HOUR)) == (NOW + 2 * HOUR, NOW + 3 * HOUR, 2)


def test_a_spread_counts_from_when_each_is_due() -> None:
    schedule = make_schedule(spread_seconds=3600)
    schedule.next_run_at = NOW + schedule.spread_offset
    freeze(schedule.next_run_at)
    assert find_unsettled(schedule, now=schedule.next_run_at - SECOND) is None
    assert ends(find_unsettled(schedule, now=schedule.next_run_at + HOUR)) == (NOW, NOW + HOUR, 2)


def test_more_than_can_be_counted_is_told_by_its_ends() -> None:
    schedule = make_schedule(trigger_kwargs={"seconds": 1}, next_run_at=NOW)
    freeze(NOW)
    unsettled = find_unsettled(schedule, now=NOW + 24 * HOUR)
    assert ends(unsettled) == (NOW, NOW + 24 * HOUR, None)
    assert str(unsettled).startswith("more than can be counted from 2027-03-01 09:00:00Z to 2027-03-02 09:00:00Z")


def test_a_single_date_is_told_to_run_when_it_has_ended() -> None:
    schedule = make_schedule(trigger="date", trigger_kwargs={"run_date": NOW.isoformat()}, next_run_at=NOW)
    freeze(NOW)
    unsettled = find_unsettled(schedule, now=NOW + HOUR)
    assert unsettled is not None
    assert (unsettled.first, unsettled.count, unsettled.outcome) == (NOW, 1, "started")
    assert unsettled.reason.endswith("a single date is never dropped: it runs when that has ended")


def test_a_freeze_that_has_ended_by_itself_holds_nothing() -> None:
    schedule = make_schedule(next_run_at=NOW)
    freeze(NOW, until=NOW + MINUTE)
    assert find_unsettled(schedule, now=NOW + MINUTE) is None


def test_what_runs_no_more_or_cannot_be_evaluated_has_none() -> None:
    freeze(NOW)
    assert find_unsettled(make_schedule(next_run_at=None), now=NOW + HOUR) is None
    broken = make_schedule()
    Schedule.objects.filter(pk=broken.pk).update(trigger_kwargs={"hours": "many"})
    assert find_unsettled(Schedule.objects.get(pk=broken.pk), now=NOW + HOUR) is None
