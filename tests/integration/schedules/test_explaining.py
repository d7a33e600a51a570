"""Why a schedule fired, fires or does not: the table of situations, the moment that is asked about, and the task."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from orchestrator_site.common.errors import InvalidValue
from schedules.explaining import MEANINGS, Asked, CheckName, Code, Explanation, Result
from schedules.explanations import explain_schedule, read_asked
from schedules.liveness import record_tick
from schedules.models import Schedule
from schedules.processes import ProcessState, find_standing, see_process
from schedules.selectors import ScheduleNotFound
from tasks.deploys import register_worker
from tasks.models import Task
from tests.integration.api.support import stored_rows
from tests.integration.schedules.explained import MINUTE, blocked, deleted, frozen, have_scheduler, hourly, turn
from tests.integration.schedules.explanation_table import CASES, NINE, TEN, Case, spread_schedule
from tests.support.factories import HOUR, NOW, SECOND, make_step, make_workflow, run_until_it_stops
from tests.support.stopped_tasks import approve
from workflows.engine import Backoff, Step, retrystep

pytestmark = pytest.mark.django_db

LATER = NOW + 5 * MINUTE


def explain(case: Case) -> Explanation:
    schedule = case.arrange()
    have_scheduler(case.scheduler, now=case.now)
    return explain_schedule(schedule_id=schedule.pk, at=case.at, now=case.now)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_cause_is_named(case: Case) -> None:
    found = explain(case)
    assert (found.verdict.code, found.tense) == (case.code, case.tense), found.verdict.sentence
    assert case.words in found.verdict.sentence
    assert [each.name for each in found.checks] == list(CheckName)
    failed = [each for each in found.checks if each.result is Result.FAIL]
    if failed:
        assert (failed[0].code, failed[0].sentence) == (found.verdict.code, found.verdict.sentence)
    if case.check is not None:
        name, result, words = case.check
        [check] = [each for each in found.checks if each.name == name]
        assert check.result == result, check.sentence
        assert words in check.sentence


def test_the_table_has_every_verdict() -> None:
    assert len(CASES) >= 40
    assert {case.code for case in CASES.values()} == set(Code) == set(MEANINGS)


def explain_at(schedule: Schedule, at: str | None, *, now: datetime = LATER) -> Explanation:
    return explain_schedule(schedule_id=schedule.pk, at=at, now=now)


class TestTheSchedulers:
    """Whether one is alive is what `scheduler check` and `/health/scheduler` say."""

    @staticmethod
    def sentence() -> str:
        [check] = [each for each in explain_at(hourly(), NINE).checks if each.name is CheckName.SCHEDULER]
        return check.sentence

    @pytest.mark.parametrize(
        ("seen_ago", "looked_ago", "is_alive"),
        [(0, 0, True), (16, 16, True), (29, 59, True), (30, 30, False), (0, 60, False)],
    )
    def test_one_is_alive_that_counts_as_alive_everywhere(self, seen_ago: int, looked_ago: int, is_alive: bool) -> None:
        seen_at, looked_at = LATER - seen_ago * SECOND, LATER - looked_ago * SECOND
        see_process(name="core:1", now=seen_at, last_tick_at=looked_at, firings_per_minute=0)
        record_tick(seen_at)
        assert (self.sentence() == "A scheduler is alive.") is find_standing(now=LATER).is_alive is is_alive

    def test_one_that_is_alive_is_enough(self) -> None:
        have_scheduler(ProcessState.STUCK, now=LATER)
        have_scheduler(ProcessState.ALIVE, now=LATER, name="core:2")
        assert self.sentence() == "A scheduler is alive."

    def test_all_that_are_stuck_are_counted(self) -> None:
        have_scheduler(ProcessState.STALE, now=LATER)
        have_scheduler(ProcessState.STUCK, now=LATER, name="core:2")
        have_scheduler(ProcessState.STUCK, now=LATER, name="core:3")
        assert "the 2 that are seen are stuck, none of their loops has looked since 2027-03-01 08:00" in self.sentence()

    def test_without_any_it_says_since_when(self) -> None:
        assert "none ever was" in self.sentence()
        record_tick(NOW)
        assert "none has been since 2027-03-01 09:00:00Z" in self.sentence()


class TestWhatWasAsked:
    """Of what was given up no check passed that was never asked."""

    @staticmethod
    def results(case: str) -> dict[CheckName, Result]:
        return {each.name: each.result for each in explain(CASES[case]).checks}

    @pytest.mark.parametrize("case", ["missed by policy", "missed by the window", "missed by the cap", "coalesced"])
    def test_without_a_scheduler_nothing_of_what_runs_was(self, case: str) -> None:
        found = self.results(case)
        unknown = {CheckName.OVERLAP, CheckName.PREDICATE, CheckName.INPUTS}
        assert {name for name, result in found.items() if result is Result.UNKNOWN} == unknown
        assert {name for name, result in found.items() if result is Result.FAIL} == {CheckName.SCHEDULER}

    @pytest.mark.parametrize(
        ("case", "failed"),
        [("changed before it was fired", CheckName.TRIGGER), ("deleted before it was fired", CheckName.EXISTS)],
    )
    def test_after_what_somebody_did_nothing_was(self, case: str, failed: CheckName) -> None:
        found = list(self.results(case).values())
        place = list(CheckName).index(failed)
        rest = [Result.UNKNOWN] * (len(CheckName) - place - 1)
        assert found == [Result.PASS] * place + [Result.FAIL, *rest]


def test_nothing_is_written_and_no_code_of_authors_is_run() -> None:
    asked: list[str] = []
    workflow = make_workflow(options={"run_predicate": lambda _request: asked.append("predicate")})
    schedule = hourly(workflow=workflow)
    before = stored_rows()
    for at in (None, NINE, TEN):
        explain_at(schedule, at)
    assert asked == []
    assert stored_rows() == before


class TestTheMoment:
    @pytest.mark.parametrize(
        ("text", "asked"),
        [
            ("2027-03-01T09:00", Asked(NOW, MINUTE)),
            ("2027-03-01 09:00", Asked(NOW, MINUTE)),
            ("20270301T0900", Asked(NOW, MINUTE)),
            ("2027-03-01T09:00:00", Asked(NOW, SECOND)),
            ("2027-03-01T09:00:00Z", Asked(NOW, SECOND)),
            ("2027-03-01T09:00:17Z", Asked(NOW + 17 * SECOND, SECOND)),
            ("2027-03-01T09:00:00.000Z", Asked(NOW, SECOND / 1000)),
            ("2027-03-01T09:00:00.000000Z", Asked(NOW, timedelta(microseconds=1))),
            ("2027-03-01", Asked(NOW - 9 * HOUR, MINUTE)),
            ("2027-03-01T10:00+01:00", Asked(NOW, MINUTE)),
        ],
    )
    def test_it_means_all_that_it_leaves_open(self, text: str, asked: Asked) -> None:
        assert read_asked(text, "UTC") == asked

    @pytest.mark.parametrize(
        ("text", "starts"),
        [
            ("2027-03-01T09:00", ["2027-03-01T08:00"]),
            ("2027-03-28T02:30", ["2027-03-28T01:00"]),
            ("2027-10-31T02:30", ["2027-10-31T00:30", "2027-10-31T01:30"]),
            ("2027-10-31T02:30+01:00", ["2027-10-31T01:30"]),
        ],
        ids=["an ordinary one", "in a gap", "shown twice", "with its offset"],
    )
    def test_without_an_offset_it_stands_on_the_clocks_of_the_schedule(self, text: str, starts: list[str]) -> None:
        asked = read_asked(text, "Europe/Amsterdam")
        assert list(asked.starts) == [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in starts]

    @pytest.mark.parametrize("text", ["", "soon", "2027-03-01T09:00:00 01:00", "0001-01-01", "9999-12-31T23:59:59Z"])
    def test_what_is_none_is_refused_by_name(self, text: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            read_asked(text, "UTC")
        assert (caught.value.field, caught.value.value) == ("at", text)
        assert "give a" in str(caught.value)

    def test_with_a_spread_both_its_plan_and_its_run_are_found(self) -> None:
        schedule = spread_schedule()
        ran_at = NOW + schedule.spread_offset
        assert ran_at > NOW + MINUTE
        turn(schedule, now=ran_at)
        found = [explain_at(schedule, each.isoformat(), now=NOW + 2 * HOUR) for each in (NOW, ran_at)]
        assert found[0].firing == found[1].firing
        assert found[0].firing is not None
        assert (found[0].firing.scheduled_for, found[0].firing.due_at) == (NOW, ran_at)
        assert [(each.previous, each.next) for each in found] == [(ran_at - HOUR, ran_at + HOUR)] * 2
        ahead = explain_at(schedule, (ran_at + HOUR).isoformat(), now=NOW + HOUR)
        assert (ahead.verdict.code, ahead.previous, ahead.next) == (Code.WILL_FIRE, ran_at, ran_at + 2 * HOUR)
        beside = explain_at(schedule, (ran_at + MINUTE).isoformat(), now=NOW + 2 * HOUR)
        assert (beside.verdict.code, beside.previous, beside.next) == (Code.NOT_PLANNED, ran_at, ran_at + HOUR)

    def test_nothing_lies_before_the_first_instant_that_it_ever_had(self) -> None:
        schedule = hourly(created_at=NOW - 30 * MINUTE, grid_start_at=NOW - 30 * MINUTE)
        found = explain_at(turn(schedule), NINE)
        assert (found.previous, found.next) == (None, NOW + HOUR)
        before = explain_at(schedule, "2027-02-01T09:00")
        assert (before.previous, before.next) == (None, NOW)

    def test_who_is_not_known_to_the_ledger_either_does_not_exist(self) -> None:
        with pytest.raises(ScheduleNotFound):
            explain_schedule(schedule_id=uuid4(), at=None, now=NOW)

    def test_a_deleted_one_has_the_name_that_it_had_last(self) -> None:
        schedule = deleted(turn(hourly(name="Nightly sync")))
        assert explain_at(schedule, None).schedule_name == "Nightly sync"


def break_down() -> None:
    raise ValueError("no route to nl-1")


@retrystep("Call", backoff=Backoff(first_seconds=3_600))
def call() -> None:
    raise ConnectionError("no route to nl-1")


class TestTheTask:
    """What became of what was started."""

    @staticmethod
    def started(*steps: Step) -> Schedule:
        return turn(hourly(workflow=make_workflow(*steps)))

    @staticmethod
    def register() -> None:
        register_worker(name="a worker", host="here", pid=1, versions=(), now=LATER)

    @pytest.mark.parametrize(
        ("steps", "words"),
        [
            ((), "The task ended as completed at 2027-03-01 09:00:00Z."),
            (
                (make_step("Sync", break_down),),
                "ended as failed at 2027-03-01 09:00:00Z: Sync: ValueError: no route to nl-1",
            ),
            ((approve,), "The task is suspended: it waits for somebody's answers to a form."),
            ((call,), "The task is waiting: its step is tried again at 2027-03-01 "),
        ],
        ids=["completed", "failed", "suspended", "waiting"],
    )
    def test_it_says_how_it_stands_when_it_has_run(self, steps: tuple[Step, ...], words: str) -> None:
        schedule = self.started(*steps)
        run_until_it_stops(Task.objects.get(), now=NOW)
        fate = explain_at(schedule, NINE, now=NOW + SECOND).task
        assert fate is not None
        assert words in fate.sentence
        assert (fate.task_id, fate.started_at) == (Task.objects.get().pk, NOW)

    def test_it_says_why_it_does_not_go_on(self) -> None:
        schedule = self.started()
        assert "no worker is alive" in self.sentence_of(schedule)
        self.register()
        assert "no worker that is alive has code for" in self.sentence_of(schedule)
        frozen(schedule, now=NOW + MINUTE)
        assert "the engine is frozen by grace" in self.sentence_of(schedule)

    def test_it_says_which_task_it_waits_for(self) -> None:
        schedule = turn(blocked(hourly(overlap_policy="queue_one")))
        self.register()
        first = Task.objects.order_by("id")[0]
        assert f"it waits for task {first.pk}, which is running" in self.sentence_of(schedule)

    def test_one_that_was_cleaned_up_leaves_the_firing(self) -> None:
        schedule = self.started()
        Task.objects.all().delete()
        found = explain_at(schedule, NINE)
        assert found.task is None
        assert found.firing is not None
        assert found.firing.task_id is not None

    @staticmethod
    def sentence_of(schedule: Schedule) -> str:
        fate = explain_at(schedule, NINE).task
        assert fate is not None
        return fate.sentence
