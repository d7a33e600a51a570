"""The planned grid, computed without the triggers from what was done with a schedule."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator_site.common.ids import new_id
from schedules.triggers import build_trigger, fire_times_between
from tests.support.grid import AtSeconds, Every, History, Impossible, Moment, Rule

START = datetime(2027, 3, 1, 9, 0, 0, 400_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
END = START + 60 * SECOND
EDITED = Moment(START + 21 * SECOND, START + 27 * SECOND)


@pytest.fixture
def history() -> History:
    """Return that of a schedule that runs every five seconds."""
    history = History(new_id(), END)
    history.set_rule(Every(5), Moment(START, START), first=START + 5 * SECOND)
    return history


def seconds_of(history: History, *, has_to_be: bool = True) -> list[float]:
    """Return the instants that have to be there, or only may be, in seconds after the start."""
    found = [each for span in history.spans for each in span.instants(END)]
    return [(instant - START).total_seconds() for instant, is_certain in found if is_certain == has_to_be]


@pytest.mark.parametrize(
    "rule", [Every(7), Every(7, start=START - 100 * SECOND), Every(7, start=END - 9 * SECOND), AtSeconds((0, 7, 59))]
)
def test_the_arithmetic_and_the_triggers_agree(rule: Rule) -> None:
    kind, kwargs = rule.trigger()
    trigger = build_trigger(kind, kwargs, timezone="UTC", grid_start=START, shortest_seconds=1)
    for after in (START, START + 7 * SECOND, START + 7.1 * SECOND):
        found = list(rule.instants(after=after, until=END, set_at=START))
        assert found == fire_times_between(trigger, after=after, until=END, limit=1_000)
        assert found


def test_a_rule_holds_until_the_next_one_and_that_from_then_on(history: History) -> None:
    history.set_rule(Every(10), EDITED, first=EDITED.at + 10 * SECOND)
    assert seconds_of(history) == [5, 10, 15, 20, 31, 41, 51]


def test_a_scheduler_may_have_been_faster_than_the_edit(history: History) -> None:
    history.set_rule(Every(1), EDITED, first=EDITED.at + 5 * SECOND)  # behind the instant at 25 s
    assert seconds_of(history) == [5, 10, 15, 20, *range(26, 61)]
    assert seconds_of(history, has_to_be=False) == [25]


@pytest.mark.parametrize("seconds", [-1, 2, 4, 6, 20])
def test_a_rule_cannot_go_on_anywhere_else(history: History, seconds: int) -> None:
    with pytest.raises(Impossible, match="it goes on at one of"):
        history.set_rule(Every(1), EDITED, first=EDITED.at + seconds * SECOND)


def test_what_is_deleted_has_no_instants_any_more(history: History) -> None:
    history.delete(EDITED)
    assert history.is_deleted
    assert seconds_of(history) == [5, 10, 15, 20]
    assert seconds_of(history, has_to_be=False) == [25]


def test_a_pause_keeps_instants_from_running_and_takes_none_away(history: History) -> None:
    history.pause(EDITED, until=None)
    history.resume(Moment(START + 36 * SECOND, START + 36 * SECOND))
    assert seconds_of(history) == list(range(5, 61, 5))
    assert list(filter(may_run(history), range(5, 61, 5))) == [5, 10, 15, 20, 25, 40, 45, 50, 55, 60]


def test_a_pause_without_an_end_lasts_until_somebody_resumes_it(history: History) -> None:
    history.pause(EDITED, until=None)
    assert history.is_paused
    assert history.is_paused_at(END)


def test_a_pause_with_an_end_ends_by_itself(history: History) -> None:
    history.pause(EDITED, until=START + 36 * SECOND)
    assert not history.is_paused
    assert history.is_paused_at(START + 35 * SECOND)
    assert not history.is_paused_at(START + 37 * SECOND)
    assert list(filter(may_run(history), [25, 30, 35, 40])) == [25, 40]


def may_run(history: History) -> Callable[[float], bool]:
    [span] = history.spans
    return lambda seconds: span.may_run(START + seconds * SECOND)


def test_what_was_still_to_run_when_it_stopped_is_explained_and_no_more(history: History) -> None:
    history.delete(EDITED)
    [span] = history.spans

    def is_explained(seconds: int, outcome: str, *, ran: int) -> bool:
        started = [START + each * SECOND for each in range(5, ran + 1, 5)]
        return span.may_be_given_up(START + seconds * SECOND, outcome, started=started)

    assert is_explained(20, "missed", ran=15)
    assert is_explained(15, "missed", ran=10)
    assert not is_explained(15, "missed", ran=20)
    assert not is_explained(20, "skipped_overlap", ran=15)
