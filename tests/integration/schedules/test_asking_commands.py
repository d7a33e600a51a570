"""`manage.py scheduler pause | resume | run-now | backfill`, as a person at a terminal meets them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schedules.models import Firing, FiringCause, Schedule, ScheduleState
from tasks.freezing import freeze_engine
from tasks.models import Task, TaskStatus
from tests.integration.schedules.test_scheduler_command import Answer, run
from tests.support.factories import make_paused_schedule, make_schedule, make_workflow
from tests.support.stopped_tasks import Approval

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"
STRETCH = ("--from", "2026-03-01T00:00:00Z", "--to", "2026-03-01T03:00:00Z")
COMMANDS = [("pause", "--reason", "x"), ("resume",), ("run-now",), ("backfill", *STRETCH)]


def refused(answer: Answer, code: int = 1) -> str:
    """Return the one line that says why; fails if anything else was printed."""
    assert (answer.code, answer.stdout) == (code, "")
    assert answer.stderr.count("\n") == 1
    return answer.stderr.strip()


def hourly(**fields: Any) -> Schedule:
    kwargs = {"hours": 1, "start_date": "2026-03-01T00:00:00+00:00"}
    return make_schedule(trigger_kwargs=kwargs, **{"planned_through": datetime(2026, 3, 2, tzinfo=UTC), **fields})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each[0])
class TestEveryOne:
    @pytest.mark.parametrize("given", [UNKNOWN, "nightly"])
    def test_an_unknown_or_malformed_id_is_not_found(self, command: tuple[str, ...], given: str) -> None:
        name, *options = command
        assert refused(run(name, given, *options)) == f"Schedule '{given}' not found."

    def test_it_has_a_help(self, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(command[0], "--help").code == 0
        assert f"scheduler {command[0]}" in capsys.readouterr().out


class TestPause:
    def test_it_says_until_when_and_why(self) -> None:
        schedule = make_schedule()
        answer = run("pause", str(schedule.pk), "--reason", "Maintenance")
        assert answer == Answer(0, "Schedule 'Nightly' is paused until it is resumed: Maintenance\n", "")
        stored = Schedule.objects.get()
        assert (stored.state, stored.paused_by) == (ScheduleState.PAUSED, "scheduler pause")
        answer = run("pause", str(schedule.pk), "--reason", "Longer", "--until", "2099-03-01T19:00:00+01:00")
        assert answer.stdout == "Schedule 'Nightly' is paused until 2099-03-01 18:00:00Z: Longer\n"
        assert Schedule.objects.get().paused_until == datetime(2099, 3, 1, 18, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--reason", "x", "--until", "soon"), "--until: 'soon' is no moment with an offset; give one such as"),
            (
                ("--reason", "x", "--until", "2020-01-01T00:00:00Z"),
                "--until: 'until' 2020-01-01T00:00:00+00:00 has passed",
            ),
            (("--reason", " "), "--reason: say why: people will ask"),
            (("--reason", "x" * 1_001), "--reason: it has 1,001 characters; give at most 1,000 characters"),
        ],
    )
    def test_what_cannot_be_is_told_and_changes_nothing(self, options: tuple[str, ...], said: str) -> None:
        schedule = make_schedule()
        before = Schedule.objects.values().get()
        assert said in refused(run("pause", str(schedule.pk), *options), 2)
        assert Schedule.objects.values().get() == before

    def test_a_finished_one_is_refused(self) -> None:
        schedule = make_schedule(next_run_at=None)
        assert "the schedule is finished" in refused(run("pause", str(schedule.pk), "--reason", "x"))


class TestResume:
    def test_it_says_when_the_schedule_runs_next(self) -> None:
        schedule = make_paused_schedule()
        answer = run("resume", str(schedule.pk))
        stored = Schedule.objects.get()
        assert (stored.state, stored.updated_by) == (ScheduleState.ACTIVE, "scheduler resume")
        assert stored.next_run_at is not None
        assert answer == Answer(0, f"Schedule 'Nightly' runs next at {stored.next_run_at:%Y-%m-%d %H:%M:%S}Z.\n", "")

    def test_one_whose_last_instant_passed_meanwhile_is_told_to_be_finished(self) -> None:
        schedule = make_paused_schedule(
            trigger_kwargs={"hours": 1, "end_date": "2026-03-02T00:00:00+00:00"},
            planned_through=datetime(2026, 3, 1, tzinfo=UTC),
            grid_start_at=datetime(2026, 3, 1, tzinfo=UTC),
        )
        answer = run("resume", str(schedule.pk))
        assert answer == Answer(0, "Schedule 'Nightly' is finished: its last instant has passed\n", "")


class TestRunNow:
    def test_the_task_waits_for_a_worker_and_the_schedule_does_not_move(self) -> None:
        schedule = make_schedule(inputs={"node": "nl-1"})
        before = Schedule.objects.values().get()
        answer = run("run-now", str(schedule.pk), "--reason", "To see")
        task = Task.objects.get()
        assert answer == Answer(0, f"Task {task.pk} is on the queue.\n", "")
        assert (task.status, task.inputs, task.reporter) == (TaskStatus.CREATED, {"node": "nl-1"}, "scheduler run-now")
        firing = Firing.objects.get()
        assert (firing.cause, firing.reason) == (FiringCause.MANUAL, "run by scheduler run-now: To see")
        assert Schedule.objects.values().get() == before

    @pytest.mark.parametrize(
        "options", [("--inputs", '{"site": "ams", "rack": "1"}'), ("--input", "site=ams", "--input", "rack=1")]
    )
    def test_inputs_take_the_place_of_the_schedules(self, options: tuple[str, ...]) -> None:
        schedule = make_schedule(inputs={"node": "nl-1"})
        run("run-now", str(schedule.pk), *options)
        assert Task.objects.get().inputs == {"site": "ams", "rack": "1"}

    def test_a_reason_has_a_length_that_people_read(self) -> None:
        schedule = make_schedule()
        said = refused(run("run-now", str(schedule.pk), "--reason", "x" * 1_001), 2)
        assert said == "--reason: it has 1,001 characters; give at most 1,000 characters"
        assert not Task.objects.exists()
        assert run("run-now", str(schedule.pk), "--reason", "x" * 1_000).code == 0

    @pytest.mark.parametrize("given", [("--inputs", "{"), ("--inputs", "[]"), ("--input", "site")], ids=str)
    def test_inputs_that_are_none_are_misunderstood(self, given: tuple[str, str]) -> None:
        assert refused(run("run-now", str(make_schedule().pk), *given), 2).startswith(f"{given[0]}: ")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"run_predicate": lambda request: "not now"}, "not now"),
            ({"initial_input_form": Approval}, "inputs.reason: This field is required."),
        ],
    )
    def test_a_workflow_may_refuse(self, options: dict[str, Any], said: str) -> None:
        schedule = make_schedule(make_workflow(options=options))
        assert refused(run("run-now", str(schedule.pk))) == said
        assert not Task.objects.exists()

    def test_a_frozen_engine_refuses(self) -> None:
        freeze_engine(reason="Maintenance", actor="ada")
        assert "the engine is frozen by ada" in refused(run("run-now", str(make_schedule().pk)))


class TestBackfill:
    def test_each_instant_is_a_line(self) -> None:
        answer = run("backfill", str(hourly().pk), *STRETCH)
        assert (answer.code, answer.stderr) == (0, "")
        tasks = dict(Task.objects.values_list("scheduled_for", "pk"))
        first, second, third, last = answer.stdout.splitlines()
        at = datetime(2026, 3, 1, tzinfo=UTC)
        assert first == f"2026-03-01 00:00:00Z started as task {tasks[at]}: backfill by scheduler backfill"
        assert second.startswith("2026-03-01 01:00:00Z queued as task ")
        assert third.startswith("2026-03-01 02:00:00Z queued as task ")
        assert last == "3 instants put on the queue."

    def test_a_dry_run_writes_nothing(self) -> None:
        answer = run("backfill", str(hourly().pk), *STRETCH, "--dry-run", "--limit", "1", "--only", "all")
        assert answer.stdout.splitlines() == [
            "2026-03-01 00:00:00Z started: backfill by scheduler backfill",
            "1 instant would be run again, and there are more: begin after the last of them.",
        ]
        assert not Task.objects.exists()
        assert not Firing.objects.exists()

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--from", "yesterday", "--to", STRETCH[3]), "--from: 'yesterday' is no moment with an offset"),
            (("--from", STRETCH[3], "--to", STRETCH[1]), "--from: 'from' has to lie before 'to'"),
            ((*STRETCH, "--limit", "0"), "--limit: 0 is not a number from 1 to 1,000"),
        ],
    )
    def test_what_cannot_be_is_told(self, options: tuple[str, ...], said: str) -> None:
        assert said in refused(run("backfill", str(hourly().pk), *options), 2)
        assert not Task.objects.exists()


def test_force_says_what_refused_it_and_never_that_it_went_well() -> None:
    freeze_engine(reason="Maintenance", actor="ada")
    answer = run("force", str(make_schedule().pk))
    assert answer.code == 1
    assert answer.stderr.startswith("Task execution failed: the engine is frozen by ada")
    assert "success" not in answer.stdout
