"""Pausing and resuming many schedules at once."""

from datetime import timedelta

import pytest

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.errors import InvalidValue
from orchestrator_site.common.ids import new_id
from schedules.bulk import Outcome, pause_schedules, resume_schedules
from schedules.models import Schedule, ScheduleState
from tests.support.factories import NOW, make_schedule

pytestmark = pytest.mark.django_db


def test_one_that_cannot_be_paused_does_not_stop_the_others() -> None:
    first, finished, last, gone = make_schedule(), make_schedule(next_run_at=None), make_schedule(), new_id()
    ids = [first.pk, finished.pk, gone, last.pk]
    outcomes = pause_schedules(schedule_ids=ids, reason="upgrade", actor="ada", until=NOW)
    assert [outcome.schedule_id for outcome in outcomes] == ids
    assert [bool(outcome.problem) for outcome in outcomes] == [False, True, True, False]
    assert "is finished" in outcomes[1].problem
    assert outcomes[2].problem == "Schedule does not exist"
    paused = Schedule.objects.filter(state=ScheduleState.PAUSED)
    assert {(row.pk, row.pause_reason, row.paused_by, row.paused_until) for row in paused} == {
        (first.pk, "upgrade", "ada", NOW),
        (last.pk, "upgrade", "ada", NOW),
    }


@pytest.mark.parametrize(("reason", "hours", "field"), [(" ", 1, "reason"), ("upgrade", -1, "until")])
def test_a_pause_that_nobody_could_have_pauses_none(reason: str, hours: int, field: str) -> None:
    until = database_now() + timedelta(hours=hours)
    with pytest.raises(InvalidValue) as caught:
        pause_schedules(schedule_ids=[make_schedule().pk], reason=reason, actor="ada", until=until)
    assert caught.value.field == field
    assert Schedule.objects.get().state == ScheduleState.ACTIVE


def test_each_is_resumed_that_can_be() -> None:
    paused, finished = make_schedule(), make_schedule(next_run_at=None)
    pause_schedules(schedule_ids=[paused.pk], reason="upgrade", actor="ada")
    problem = "the schedule is finished: it has no instants left; give it a new trigger"
    assert resume_schedules(schedule_ids=[finished.pk, paused.pk], actor="bob") == [
        Outcome(finished.pk, problem),
        Outcome(paused.pk),
    ]
    after = Schedule.objects.get(pk=paused.pk)
    assert (after.state, after.updated_by) == (ScheduleState.ACTIVE, "bob")
