"""The options of a schedule beside its trigger: zone, policies for the clocks, and spread."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from orchestrator_site.common.clock import database_now
from schedules.models import DstFold, DstGap, Firing, FiringOutcome, MissingDay, Schedule, ScheduleState
from schedules.services import ScheduleChanges, ScheduleDraft, create_schedule, delete_schedule, update_schedule
from schedules.triggers import DST_FOLDS, DST_GAPS, MAX_SPREAD_SECONDS, MISSING_DAYS, TriggerError
from tests.support.factories import HOUR, SECOND, make_schedule, make_workflow

pytestmark = pytest.mark.django_db

OPTIONS = ("timezone", "dst_gap", "dst_fold", "on_missing_day", "spread_seconds")
DEFAULTS = ("UTC", "run_after", "first", "skip", 0)
OTHERS = {
    "timezone": "Europe/Amsterdam",
    "dst_gap": "skip",
    "dst_fold": "both",
    "on_missing_day": "last_day",
    "spread_seconds": 600,
}
# An id whose hash, and so its offset, is known to be far from 0.
SCHEDULE_ID = UUID("01a20bba-0000-7000-8000-000000000003")
MONTHLY = {"months": 1, "start_date": "2027-01-31"}


def create(trigger: str = "interval", kwargs: dict[str, Any] | None = None, **options: Any) -> Schedule:
    draft = ScheduleDraft("Nightly", trigger, {"hours": 1} if kwargs is None else kwargs, **options)
    created = create_schedule(draft=draft, workflow=make_workflow(), actor="ada")
    return Schedule.objects.get(pk=created.pk)


def update(schedule: Schedule, **changes: Any) -> Schedule:
    update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(**changes), actor="bob")
    return Schedule.objects.get(pk=schedule.pk)


def options_of(schedule: Schedule) -> tuple[Any, ...]:
    return tuple(getattr(schedule, name) for name in OPTIONS)


def next_of(schedule: Schedule) -> Any:
    return schedule.trigger_rule.next_after(schedule.planned_through)


class TestCreating:
    def test_each_option_has_a_default(self) -> None:
        assert options_of(create()) == DEFAULTS

    def test_each_option_is_stored(self) -> None:
        schedule = create("calendarinterval", MONTHLY, **OTHERS)
        assert options_of(schedule) == tuple(OTHERS.values())
        assert schedule.trigger_kwargs == MONTHLY

    def test_options_among_the_arguments_are_moved_to_their_place(self) -> None:
        schedule = create("calendarinterval", {**MONTHLY, **OTHERS})
        assert options_of(schedule) == tuple(OTHERS.values())
        assert schedule.trigger_kwargs == MONTHLY

    def test_options_of_a_part_are_those_of_the_whole(self) -> None:
        leaf = {"trigger": "cron", "trigger_kwargs": {"hour": 2, "timezone": "Asia/Tokyo", "jitter": 30}}
        schedule = create("or", {"triggers": [leaf]})
        assert (schedule.timezone, schedule.spread_seconds) == ("Asia/Tokyo", 30)
        assert schedule.trigger_kwargs == {"triggers": [{"trigger": "cron", "trigger_kwargs": {"hour": 2}}]}

    @pytest.mark.parametrize(
        ("kwargs", "options", "field"),
        [
            ({"hour": 2, "dst_gap": "skip"}, {"dst_gap": "run_after"}, "dst_gap"),
            ({"hour": 2, "spread_seconds": 60}, {"spread_seconds": 61}, "spread_seconds"),
            ({"hour": 2, "jitter": 60}, {"spread_seconds": 61}, "spread_seconds"),
            ({"hour": 2}, {"dst_fold": "last"}, "dst_fold"),
            ({"hour": 2}, {"on_missing_day": "never"}, "on_missing_day"),
            ({"hour": 2}, {"spread_seconds": MAX_SPREAD_SECONDS + 1}, "spread_seconds"),
            ({"hour": 2}, {"spread_seconds": -1}, "spread_seconds"),
            ({"hour": 2}, {"timezone": ""}, "timezone"),
        ],
        ids=str,
    )
    def test_what_differs_or_cannot_be_used_is_refused_by_name(
        self, kwargs: dict[str, Any], options: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(TriggerError) as refused:
            create("cron", kwargs, **options)
        assert refused.value.field == field
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize(
        ("trigger", "kwargs"),
        [
            ("cron", {"second": "*/30"}),
            ("cron", {"second": "0,10", "minute": 0, "hour": 2}),
            ("or", {"triggers": [{"trigger": "cron", "trigger_kwargs": {"minute": 0, "second": s}} for s in (0, 5)]}),
            (
                "and",
                {
                    "triggers": [
                        {"trigger": "cron", "trigger_kwargs": {"second": "*/20"}},
                        {"trigger": "cron", "trigger_kwargs": {"second": "*/10"}},
                    ]
                },
            ),
        ],
        ids=["cron", "cron of fixed times", "or", "and"],
    )
    def test_instants_closer_together_than_the_shortest_period_are_refused(
        self, trigger: str, kwargs: dict[str, Any], settings: Any
    ) -> None:
        settings.MIN_INTERVAL_SECONDS = 60
        with pytest.raises(TriggerError, match="the shortest period allowed is 60 s"):
            create(trigger, kwargs)
        settings.MIN_INTERVAL_SECONDS = 1
        schedule = create(trigger, kwargs)
        settings.MIN_INTERVAL_SECONDS = 60
        with pytest.raises(TriggerError, match="the shortest period allowed is 60 s"):
            update(schedule, dst_gap="skip")

    def test_with_a_spread_it_runs_that_much_later_than_planned(self) -> None:
        schedule = create("cron", {"minute": 0}, spread_seconds=3_000)
        assert schedule.next_run_at == next_of(schedule) + schedule.spread_offset
        assert timedelta(0) <= schedule.spread_offset <= 3_000 * SECOND


class TestChanging:
    @pytest.mark.parametrize("name", OPTIONS)
    def test_one_option_leaves_the_others_and_the_trigger_as_they_are(self, name: str) -> None:
        schedule = create("calendarinterval", MONTHLY)
        changed = update(schedule, **{name: OTHERS[name]})
        expected = dict(zip(OPTIONS, DEFAULTS, strict=True)) | {name: OTHERS[name]}
        assert options_of(changed) == tuple(expected.values())
        assert changed.trigger_kwargs == MONTHLY
        assert changed.next_run_at == next_of(changed) + changed.spread_offset

    def test_options_that_are_not_given_stay_with_a_new_trigger(self) -> None:
        changed = update(create("calendarinterval", MONTHLY, **OTHERS), trigger="cron", trigger_kwargs={"hour": 2})
        assert options_of(changed) == tuple(OTHERS.values())

    def test_options_among_new_arguments_count(self) -> None:
        changed = update(create("cron", {"hour": 2}), trigger_kwargs={"hour": 2, "dst_fold": "second"})
        assert (changed.dst_fold, changed.trigger_kwargs) == ("second", {"hour": 2})

    def test_the_same_options_again_change_nothing(self) -> None:
        schedule = create("calendarinterval", MONTHLY, **OTHERS)
        changed = update(schedule, name="Nightly", **OTHERS)
        for column in ("state_since", "planned_through", "grid_start_at", "next_run_at"):
            assert getattr(changed, column) == getattr(schedule, column)

    @pytest.mark.parametrize("name", OPTIONS)
    def test_what_counts_from_the_day_it_was_made_goes_on_from_there(self, name: str) -> None:
        made_at = database_now() - 40 * HOUR
        schedule = make_schedule(
            trigger="interval", trigger_kwargs={"hours": 24}, grid_start_at=made_at, next_run_at=made_at + 48 * HOUR
        )
        changed = update(schedule, **{name: OTHERS[name]})
        assert changed.grid_start_at == made_at
        assert changed.next_run_at == made_at + 48 * HOUR + changed.spread_offset

    def test_a_schedule_whose_zone_cannot_be_read_is_mended_by_another_zone(self) -> None:
        schedule = make_schedule(timezone="Europe/Atlantis", next_run_at=None, state=ScheduleState.BROKEN)
        changed = update(schedule, timezone="Europe/Amsterdam")
        assert (changed.state, changed.state_reason) == (ScheduleState.ACTIVE, "")


class TestSettlingWithASpread:
    """What was planned before a change, and was still to run because of the spread, does not run any more."""

    def make_waiting(self) -> Schedule:
        """Store an hourly schedule of which an instant has passed, and is not yet due."""
        nominal = database_now() - SECOND
        schedule = make_schedule(
            id=SCHEDULE_ID,
            spread_seconds=MAX_SPREAD_SECONDS,
            grid_start_at=nominal - HOUR,
            planned_through=nominal - HOUR,
            next_run_at=nominal,
        )
        schedule.next_run_at = nominal + schedule.spread_offset
        assert schedule.spread_offset > HOUR
        schedule.save()
        return schedule

    def assert_settled(self, schedule: Schedule, reason: str) -> None:
        [firing] = Firing.objects.all()
        assert schedule.next_run_at is not None
        assert firing.scheduled_for == schedule.next_run_at - schedule.spread_offset
        assert (firing.due_at, firing.lateness_ms) == (schedule.next_run_at, 0)
        assert (firing.outcome, firing.reason) == (FiringOutcome.MISSED, reason)

    def test_a_changed_spread_settles_it_and_goes_on_with_the_next_instant(self) -> None:
        schedule = self.make_waiting()
        changed = update(schedule, spread_seconds=0)
        self.assert_settled(schedule, "bob changed the trigger before this instant was fired")
        assert schedule.next_run_at is not None
        assert changed.next_run_at == schedule.next_run_at - schedule.spread_offset + HOUR

    def test_a_deleted_schedule_settles_it(self) -> None:
        schedule = self.make_waiting()
        delete_schedule(schedule_id=schedule.pk, actor="bob")
        self.assert_settled(schedule, "bob deleted the schedule before this instant was fired")

    def test_another_name_leaves_it_to_run(self) -> None:
        schedule = self.make_waiting()
        assert update(schedule, name="Hourly").next_run_at == schedule.next_run_at
        assert not Firing.objects.exists()


class TestColumns:
    def test_choices_are_those_of_the_triggers(self) -> None:
        assert tuple(DstGap.values) == DST_GAPS
        assert tuple(DstFold.values) == DST_FOLDS
        assert tuple(MissingDay.values) == MISSING_DAYS

    @pytest.mark.parametrize(
        "values",
        [
            {"dst_gap": "never"},
            {"dst_fold": "third"},
            {"on_missing_day": "first_day"},
            {"spread_seconds": MAX_SPREAD_SECONDS + 1},
        ],
        ids=str,
    )
    def test_the_database_holds_no_others(self, values: dict[str, Any]) -> None:
        schedule = make_schedule()
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.filter(pk=schedule.pk).update(**values)

    def test_a_firing_is_never_due_before_it_is_planned(self) -> None:
        now = database_now()
        with pytest.raises(IntegrityError), transaction.atomic():
            Firing.objects.create(
                schedule_id=make_schedule().pk,
                schedule_name="Nightly",
                scheduled_for=now,
                due_at=now - SECOND,
                decided_at=now,
                lateness_ms=0,
                outcome=FiringOutcome.STARTED,
            )

    def test_a_summary_says_what_a_schedule_does_and_a_broken_one_what_it_did(self) -> None:
        schedule = create("cron", {"hour": 2, "minute": 30}, timezone="Europe/Amsterdam")
        assert schedule.summary.startswith("At 02:30")
        assert schedule.summary.endswith(", Europe/Amsterdam")
        broken = make_schedule(trigger="crn", trigger_text="crn[as it was]")
        assert broken.summary == "crn[as it was]"
