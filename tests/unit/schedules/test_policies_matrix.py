"""Every misfire policy with every overlap policy: what becomes of five instants that were missed, or were only late."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.models import MisfirePolicy, OverlapPolicy, ResumePolicy
from schedules.policies import (
    CATCHUP,
    MAX_QUEUED,
    MAX_STARTED,
    MISSED,
    QUEUED,
    SKIPPED_OVERLAP,
    STARTED,
    Hold,
    Outage,
    Planned,
    Situation,
    decide,
)
from tests.unit.schedules.policy_tables import (
    BEFORE,
    HOUR,
    MINUTE,
    NINE,
    PAGE,
    RUNNING,
    WAITING,
    decide_five,
    letters_of,
    minutes,
    render_tables,
    replace_tables,
)

# What was missed: policies → five instants with no task before, with one that runs, and with another behind that.
MISFIRED = """
run_once skip            ccccS  cccco  cccco
run_once queue_one       ccccS  ccccQ  cccco
run_once queue_all       ccccS  ccccQ  ccccQ
run_once allow           ccccS  ccccS  ccccS
run_once cancel_running  ccccS  ccccQ  ccccQ
skip     skip            mmmmm  mmmmm  mmmmm
skip     queue_one       mmmmm  mmmmm  mmmmm
skip     queue_all       mmmmm  mmmmm  mmmmm
skip     allow           mmmmm  mmmmm  mmmmm
skip     cancel_running  mmmmm  mmmmm  mmmmm
run_all  skip            SQQQm  oooom  oooom
run_all  queue_one       SQQQm  QQQQm  QQQQm
run_all  queue_all       SQQQm  QQQQm  QQQQm
run_all  allow           SSSSm  SSSSm  SSSSm
run_all  cancel_running  oooSm  oooQm  oooQm
"""
# What is only late is run whatever the misfire policy is.
LATE = """
skip            Soooo  ooooo  ooooo
queue_one       SQooo  Qoooo  ooooo
queue_all       SQQQQ  QQQQQ  QQQQQ
allow           SSSSS  SSSSS  SSSSS
cancel_running  ooooS  ooooQ  ooooQ
"""


def read_table(text: str) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in text.strip().splitlines()]


def test_the_page_holds_the_tables_as_they_are_computed() -> None:
    page = PAGE.read_text()
    assert page == replace_tables(page), "run: python -m tests.unit.schedules.policy_tables"
    assert all(table in page for table in render_tables().values())


def test_the_tables_have_every_policy() -> None:
    pairs = {(misfire, overlap) for misfire, overlap, *_ in read_table(MISFIRED)}
    assert pairs == set(product(MisfirePolicy.values, OverlapPolicy.values))
    assert {overlap for overlap, *_ in read_table(LATE)} == set(OverlapPolicy.values)


@pytest.mark.parametrize("row", read_table(MISFIRED), ids=lambda row: f"{row[0]}-{row[1]}")
def test_what_becomes_of_five_missed_instants(row: tuple[str, ...]) -> None:
    misfire, overlap, *expected = row
    for unended, letters in zip(BEFORE.values(), expected, strict=True):
        decisions = decide_five(is_down=True, misfire=misfire, overlap=overlap, unended=unended)
        assert letters_of(decisions) == letters, unended
        assert [each.scheduled_for for each in decisions] == minutes(5)
        to_run = [each for each in decisions if each.outcome in {STARTED, QUEUED, SKIPPED_OVERLAP}]
        assert {each.cause for each in to_run} <= {CATCHUP}


@pytest.mark.parametrize("row", read_table(LATE), ids=lambda row: row[0])
@pytest.mark.parametrize("misfire", MisfirePolicy.values)
def test_what_becomes_of_five_late_instants(row: tuple[str, ...], misfire: str) -> None:
    overlap, *expected = row
    for unended, letters in zip(BEFORE.values(), expected, strict=True):
        decisions = decide_five(is_down=False, misfire=misfire, overlap=overlap, unended=unended)
        assert letters_of(decisions) == letters, unended


@pytest.mark.parametrize(("misfire", "overlap"), [*product(MisfirePolicy.values, OverlapPolicy.values)])
def test_a_one_shot_starts_or_waits_under_any_policy(misfire: str, overlap: str) -> None:
    outages = [Outage(NINE - MINUTE, NINE + HOUR)]
    for unended, is_down in product(BEFORE.values(), (True, False)):
        situation = Situation(
            now=NINE + HOUR,
            is_one_shot=True,
            misfire_policy=misfire,
            misfire_window=timedelta(0),
            overlap_policy=overlap,
            outages=outages if is_down else (),
            unended=unended,
        )
        (decision,) = decide(Planned([NINE]), situation)
        assert decision.outcome == (QUEUED if unended else STARTED)
        assert decision.cancels == ()


def test_the_oldest_are_run_up_to_the_most_and_those_out_of_the_window_are_none_of_them() -> None:
    situation = Situation(
        now=NINE + 10 * MINUTE,
        misfire_policy="run_all",
        misfire_window=8 * MINUTE,
        max_catchup_runs=3,
        overlap_policy="allow",
        outages=[Outage(NINE - MINUTE, NINE + 10 * MINUTE)],
    )
    decisions = decide(Planned(minutes(7)), situation)
    assert letters_of(decisions) == "mmSSSmm"
    assert decisions[0].reason == "no scheduler was alive until more than 480 s later (misfire_window_seconds)"
    assert decisions[6].reason == "no scheduler was alive, and 3 before it are run (max_catchup_runs)"


@pytest.mark.parametrize(("policy", "outcome"), [("run_once", STARTED), ("run_all", STARTED), ("skip", MISSED)])
def test_without_a_window_nothing_is_too_old(policy: str, outcome: str) -> None:
    years = timedelta(days=3_000)
    situation = Situation(
        now=NINE + years, misfire_policy=policy, misfire_window=None, outages=[Outage(NINE - MINUTE, NINE + years)]
    )
    assert decide(Planned([NINE]), situation)[0].outcome == outcome


def test_cancelling_names_what_it_aborts() -> None:
    situation = Situation(now=NINE, overlap_policy="cancel_running", unended=[RUNNING, WAITING])
    (decision,) = decide(Planned([NINE]), situation)
    assert decision.cancels == (RUNNING.task_id, WAITING.task_id)
    assert decision.reason == (
        "aborted for it (overlap_policy cancel_running): task 1 of this schedule is still running, "
        "task 2 of this schedule is still created"
    )


def test_a_task_that_does_not_run_is_aborted_at_once_so_that_nothing_waits() -> None:
    situation = Situation(now=NINE, overlap_policy="cancel_running", unended=[WAITING])
    (decision,) = decide(Planned([NINE]), situation)
    assert (decision.outcome, decision.cancels) == (STARTED, (WAITING.task_id,))


@pytest.mark.parametrize(("before", "expected"), [(MAX_QUEUED, QUEUED), (MAX_QUEUED + 1, SKIPPED_OVERLAP)])
def test_a_hundred_wait_and_no_more(before: int, expected: str) -> None:
    situation = Situation(now=NINE, overlap_policy="queue_all", unended=[RUNNING] + [WAITING] * (before - 1))
    (decision,) = decide(Planned([NINE]), situation)
    assert decision.outcome == expected


def test_no_more_than_a_thousand_start_at_one_time() -> None:
    decisions = decide(Planned(minutes(MAX_STARTED + 1)), Situation(now=NINE + 40 * HOUR, overlap_policy="allow"))
    assert letters_of(decisions) == "S" * MAX_STARTED + "o"


moments = st.integers(-90, 90).map(lambda number: NINE + number * MINUTE)
holds = st.tuples(moments, st.one_of(st.none(), moments)).map(lambda ends: Hold(*_in_order(*ends), "by ada"))


def _in_order(first: datetime, last: datetime | None) -> tuple[datetime, datetime | None]:
    return (first, last) if last is None or first <= last else (last, first)


@given(
    count=st.integers(1, 150),
    situation=st.builds(
        Situation,
        now=st.just(NINE + 3 * HOUR),
        spread=st.integers(0, 30).map(lambda number: number * MINUTE),
        is_one_shot=st.booleans(),
        misfire_policy=st.sampled_from(MisfirePolicy.values),
        misfire_window=st.one_of(st.none(), st.integers(0, 200).map(lambda number: number * MINUTE)),
        max_catchup_runs=st.integers(1, 12),
        overlap_policy=st.sampled_from(OverlapPolicy.values),
        resume_policy=st.sampled_from(ResumePolicy.values),
        outages=st.lists(holds.map(lambda hold: Outage(hold.started_at, hold.ended_at or NINE + 2 * HOUR)), max_size=2),
        pauses=st.lists(holds, max_size=1),
        freezes=st.lists(holds, max_size=2),
        unended=st.sampled_from([*BEFORE.values()]),
    ),
)
def test_every_instant_is_accounted_for_once_and_says_why(count: int, situation: Situation) -> None:
    instants = minutes(1 if situation.is_one_shot else count)
    decisions = decide(Planned(instants), situation)
    covered = [
        instant
        for each in decisions
        for instant in instants
        if each.scheduled_for <= instant <= (each.last_scheduled_for or each.scheduled_for)
    ]
    assert covered == instants
    assert sum(each.count or 0 for each in decisions) == len(instants)
    for each in decisions:
        assert each.outcome == STARTED or each.reason
        assert each.starts_task or not each.cancels
        assert not (each.starts_task and each.last_scheduled_for)
