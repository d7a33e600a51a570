"""Schedules through the nights in which clocks change, fired turn by turn."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.firing import fire_due
from schedules.models import Firing, FiringOutcome, Schedule, ScheduleState
from schedules.services import ScheduleDraft, create_schedule
from tasks.models import Task
from tests.support.factories import HOUR, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)


def local(text: str) -> datetime:
    """Return when the clocks of Amsterdam show this."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


def make_amsterdam(trigger: str, kwargs: dict[str, Any], *, since: datetime, **fields: Any) -> Schedule:
    """Store a schedule that was made at `since`, with the next run that its trigger gives it."""
    schedule = make_schedule(
        trigger=trigger,
        trigger_kwargs=kwargs,
        timezone=AMSTERDAM.key,
        grid_start_at=since,
        planned_through=since,
        next_run_at=since + DAY,
        **fields,
    )
    schedule.next_run_at = schedule.trigger_rule.next_after(since)
    schedule.save()
    return schedule


def fire_through(start: datetime, end: datetime, *, step: timedelta) -> list[datetime]:
    """Take a turn every `step`, each task done before the next one; return what was started, on the clocks."""
    now = start
    while now <= end:
        if fire_due(limit=10, now=now).decided:
            Task.objects.all().delete()
        now += step
    assert set(Firing.objects.values_list("outcome", flat=True)) == {FiringOutcome.STARTED}
    times = Firing.objects.order_by("scheduled_for").values_list("scheduled_for", flat=True)
    return [each.astimezone(AMSTERDAM) for each in times]


def shown(times: list[datetime]) -> list[str]:
    return [f"{each:%d %H:%M}" for each in times]


@pytest.mark.parametrize("year", [2026, 2027])
def test_a_nightly_one_fires_once_a_day_all_year(year: int) -> None:
    start, end = local(f"{year}-01-01"), local(f"{year + 1}-01-01")
    make_amsterdam("cron", {"hour": 2, "minute": 30}, since=start)
    times = fire_through(start, end, step=DAY)
    days = Counter(each.date() for each in times)
    assert set(days.values()) == {1}
    assert len(days) == 365
    assert (min(days), max(days)) == (date(year, 1, 1), date(year, 12, 31))
    gap_day = {2026: date(2026, 3, 29), 2027: date(2027, 3, 28)}[year]
    assert {each.date(): f"{each:%H:%M}" for each in times if f"{each:%H:%M}" != "02:30"} == {gap_day: "03:00"}
    folded = [each for each in times if each.date() == {2026: date(2026, 10, 25), 2027: date(2027, 10, 31)}[year]]
    assert [f"{each:%H:%M%z}" for each in folded] == ["02:30+0200"], "the first of the two"


@pytest.mark.parametrize(
    ("trigger", "kwargs", "spring", "autumn"),
    [
        # Elapsed time: an hour later on the clocks in summer, an hour earlier from the end of it on.
        (
            "interval",
            {"days": 1},
            ["27 08:00", "28 09:00", "29 09:00"],
            ["30 08:00", "31 07:00", "01 07:00"],
        ),
        (
            "calendarinterval",
            {"days": 1, "hour": 8},
            ["27 08:00", "28 08:00", "29 08:00"],
            ["30 08:00", "31 08:00", "01 08:00"],
        ),
        ("cron", {"hour": 8}, ["27 08:00", "28 08:00", "29 08:00"], ["30 08:00", "31 08:00", "01 08:00"]),
    ],
    ids=["interval", "calendarinterval", "cron"],
)
def test_every_day_over_a_change_of_the_clocks(
    trigger: str, kwargs: dict[str, Any], spring: list[str], autumn: list[str]
) -> None:
    for since, expected in (("2027-03-26T08:00", spring), ("2027-10-29T08:00", autumn)):
        schedule = make_amsterdam(trigger, kwargs, since=local(since))
        times = fire_through(local(since), local(since) + 3 * DAY + 5 * HOUR, step=HOUR)
        assert shown(times) == expected
        schedule.delete()
        Firing.objects.all().delete()


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"dst_gap": "run_after"}, ["27 02:30", "28 03:00", "29 02:30"]),
        ({"dst_gap": "skip"}, ["27 02:30", "29 02:30"]),
        ({"dst_fold": "first"}, ["30 02:30", "31 02:30", "01 02:30"]),
        ({"dst_fold": "both"}, ["30 02:30", "31 02:30", "31 02:30", "01 02:30"]),
    ],
    ids=str,
)
def test_the_policies_of_a_stored_schedule_hold(policy: dict[str, str], days: list[str]) -> None:
    since = local("2027-03-26T12:00") if "dst_gap" in policy else local("2027-10-29T12:00")
    make_amsterdam("cron", {"hour": 2, "minute": 30}, since=since, **policy)
    assert shown(fire_through(since, since + 3 * DAY, step=HOUR)) == days


def test_the_second_of_two_readings_can_be_chosen() -> None:
    since = local("2027-10-30T12:00")
    make_amsterdam("cron", {"hour": 2, "minute": 30}, since=since, dst_fold="second")
    [firing] = fire_through(since, since + DAY, step=HOUR)
    assert firing.astimezone(UTC) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


LEAVES = [
    {"trigger": "cron", "trigger_kwargs": {"minute": 0}},
    {"trigger": "interval", "trigger_kwargs": {"hours": 2, "start_date": "2026-01-01T00:00:00Z"}},
]


@pytest.mark.parametrize(
    ("trigger", "kwargs", "state"),
    [
        ("interval", {"minutes": 10}, ScheduleState.ACTIVE),
        ("cron", {"crontab": "30 2 * * 1-5"}, ScheduleState.ACTIVE),
        ("date", {"run_date": "2150-03-28T02:30:00"}, ScheduleState.FINISHED),
        ("calendarinterval", {"months": 1, "hour": 8}, ScheduleState.ACTIVE),
        ("and", {"triggers": LEAVES}, ScheduleState.ACTIVE),
        ("or", {"triggers": LEAVES}, ScheduleState.ACTIVE),
    ],
    ids=["interval", "cron", "date", "calendarinterval", "and", "or"],
)
def test_each_kind_is_created_and_fired(trigger: str, kwargs: dict[str, Any], state: str) -> None:
    draft = ScheduleDraft("Nightly", trigger, kwargs, timezone=AMSTERDAM.key)
    schedule = create_schedule(draft=draft, workflow=make_workflow(), actor="ada")
    first = schedule.next_run_at
    assert first is not None
    assert fire_due(limit=1, now=first).decided == 1
    assert list(Firing.objects.values_list("scheduled_for", "outcome")) == [(first, FiringOutcome.STARTED)]
    schedule.refresh_from_db()
    assert schedule.state == state
    assert schedule.next_run_at == schedule.trigger_rule.next_after(first)
    assert schedule.summary
