"""`manage.py scheduler show-schedule | force | load-initial-schedule`, as a person at a terminal meets them."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from orchestrator_site.common.clock import database_now
from schedules import initial
from schedules.initial import InitialSchedule
from schedules.models import Firing, FiringCause, FiringOutcome, Schedule, ScheduleWorkflow
from schedules.rules import POLICIES
from schedules.services import ScheduleChanges, update_schedule
from tasks.models import Task, TaskStatus
from tests.support.factories import HOUR, NOW, make_paused_schedule, make_schedule, make_step, make_task, make_workflow
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

INITIAL = {
    "Task Resume Workflows": ("task_resume_workflows", "interval[1:00:00]"),
    "Task Clean Up Tasks": ("task_clean_up_tasks", "interval[6:00:00]"),
    "Task Validate Subscriptions": ("task_validate_subscriptions", "cron[hour='0', minute='10']"),
    "Task Validate Products": ("task_validate_products", "cron[hour='2', minute='30']"),
    "Task Validate Awaiting Callbacks": ("task_validate_awaiting_callbacks", "interval[0:00:30]"),
}


@dataclass
class Answer:
    code: int | str | None
    stdout: str
    stderr: str


def run(*arguments: str) -> Answer:
    stdout, stderr = StringIO(), StringIO()
    code: int | str | None = 0
    try:
        call_command("scheduler", *arguments, stdout=stdout, stderr=stderr)
    except SystemExit as end:
        code = end.code
    return Answer(code, stdout.getvalue(), stderr.getvalue())


def table(*arguments: str) -> list[list[str]]:
    """Return the cells of the table that `show-schedule` prints, header first."""
    lines = run("show-schedule", *arguments).stdout.splitlines()
    return [
        [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines if line[0] in "│┃"
    ]


class TestShowSchedule:
    def test_every_schedule_is_a_row_under_the_title(self) -> None:
        schedule = make_schedule(name="Nightly", next_run_at=datetime(2026, 2, 11, 13, 21, 9, 500_000, tzinfo=UTC))
        answer = run("show-schedule")
        assert answer.code == 0
        assert answer.stdout.splitlines()[0].strip() == "Scheduled Tasks"
        assert table() == [
            ["id", "name", "source", "next run time", "trigger"],
            [str(schedule.pk), "Nightly", "API", "2026-02-11 13:21:09+00:00", "interval[1:00:00]"],
        ]

    def test_no_schedule_is_an_empty_table(self) -> None:
        assert table() == [["id", "name", "source", "next run time", "trigger"]]

    def test_the_trigger_is_shown_in_full(self) -> None:
        make_schedule(trigger="cron", trigger_kwargs={"hour": 0, "minute": 10})
        assert "cron[hour='0', minute='10']" in run("show-schedule").stdout

    def test_nothing_that_a_person_typed_is_taken_for_markup(self) -> None:
        make_schedule(name="[red]Nightly[/red] [/]")
        assert table()[1][1] == "[red]Nightly[/red] [/]"

    def test_what_runs_next_comes_first_then_by_name_and_what_is_finished_last(self) -> None:
        make_schedule(name="finished", next_run_at=None)
        make_schedule(name="later", next_run_at=NOW + HOUR)
        make_schedule(name="b at nine")
        make_schedule(name="a at nine")
        rows = table()[1:]
        assert [row[1] for row in rows] == ["a at nine", "b at nine", "later", "finished"]
        assert rows[-1][3] == ""

    def test_a_broken_trigger_is_shown_as_it_was_when_it_was_set(self) -> None:
        make_schedule(trigger="crn", trigger_kwargs={"hour": 1}, trigger_text="crn[hour='1']")
        assert table()[1][4] == "crn[hour='1']"

    def test_piped_output_is_neither_wrapped_nor_cut(self) -> None:
        make_schedule(name="N" * 255)
        assert table()[1][1] == "N" * 255

    def test_verbose_adds_summary_workflow_zone_state_policies_and_inputs(self) -> None:
        schedule = make_schedule(
            timezone="Asia/Tokyo",
            inputs={"node": "nl-1"},
            next_run_at=None,
            state_reason="ended",
            overlap_policy="allow",
            misfire_window_seconds=None,
        )
        header, row = table("-v")
        assert header[5:] == ["summary", "workflow", "timezone", "state", "policies", "inputs"]
        assert row[5:9] == ["Every hour", schedule.workflow.name, "Asia/Tokyo", "finished: ended"]
        assert json.loads(row[9]) == {
            "misfire_policy": "run_once",
            "misfire_window_seconds": None,
            "max_catchup_runs": 10,
            "overlap_policy": "allow",
            "concurrency_key": "schedule",
            "resume_policy": "skip",
            "pause_after_failures": None,
        }
        assert row[10] == '{"node": "nl-1"}'

    def test_verbose_says_by_whom_since_and_until_when_and_why_one_is_paused(self) -> None:
        until = datetime(2099, 3, 1, 18, tzinfo=UTC)
        make_paused_schedule(name="a", until=until)
        make_paused_schedule(name="b")
        make_paused_schedule(name="c", until=database_now())
        rows = {row[1]: row[8] for row in table("-v")[1:]}
        assert rows == {
            "a": "paused by ada since 2027-03-01 09:00:00Z until 2099-03-01 18:00:00Z: Maintenance",
            "b": "paused by ada since 2027-03-01 09:00:00Z: Maintenance",
            "c": "active",
        }

    def test_json_gives_a_list_to_programs(self) -> None:
        schedule = make_schedule()
        make_schedule(name="Ended", next_run_at=None)
        rows = json.loads(run("show-schedule", "--json").stdout)
        assert rows[0] == {
            "id": str(schedule.pk),
            "name": "Nightly",
            "source": "API",
            "next_run_time": "2027-03-01T09:00:00Z",
            "trigger": "interval[1:00:00]",
            "summary": "Every hour",
            "workflow": schedule.workflow.name,
            "timezone": "UTC",
            "state": "active",
            "state_reason": "",
            "paused_at": None,
            "paused_by": "",
            "pause_reason": "",
            "paused_until": None,
            "policies": {name: getattr(schedule, name) for name in POLICIES},
            "inputs": {},
        }
        assert (rows[1]["name"], rows[1]["next_run_time"]) == ("Ended", None)

    def test_json_has_the_state_in_a_word_and_the_pause_beside_it(self) -> None:
        make_schedule(name="a", next_run_at=None, state="broken", state_reason="it takes too long")
        make_paused_schedule(name="b", until=datetime(2099, 3, 1, 18, tzinfo=UTC), inputs={"node": "nl-1"})
        make_paused_schedule(name="c", until=database_now())
        rows = {row["name"]: row for row in json.loads(run("show-schedule", "--json").stdout)}
        assert (rows["a"]["state"], rows["a"]["state_reason"]) == ("broken", "it takes too long")
        pause = {name: rows["b"][name] for name in ("state", "paused_at", "paused_by", "pause_reason", "paused_until")}
        assert pause == {
            "state": "paused",
            "paused_at": "2027-03-01T09:00:00Z",
            "paused_by": "ada",
            "pause_reason": "Maintenance",
            "paused_until": "2099-03-01T18:00:00Z",
        }
        assert rows["b"]["inputs"] == {"node": "nl-1"}
        assert (rows["c"]["state"], rows["c"]["paused_at"], rows["c"]["pause_reason"]) == ("active", None, "")


class TestForce:
    def test_the_task_runs_here_and_now_and_the_schedule_does_not_move(self) -> None:
        calls: list[Any] = []

        def call(node: str) -> None:
            calls.append(node)

        schedule = make_schedule(make_workflow(make_step("NSO calls", call)), inputs={"node": "nl-1"})
        before = Schedule.objects.values().get()
        answer = run("force", str(schedule.pk))
        assert answer == Answer(0, f"Running Task [{schedule.pk}] now...\nTask executed successfully.\n", "")
        assert calls == ["nl-1"]
        assert Schedule.objects.values().get() == before
        task, firing = Task.objects.get(), Firing.objects.get()
        assert (task.status, task.schedule_id) == (TaskStatus.COMPLETED, schedule.pk)
        assert (firing.task_id, firing.cause, firing.reason) == (task.pk, FiringCause.MANUAL, "run by scheduler force")

    def test_a_finished_schedule_can_be_forced(self) -> None:
        assert run("force", str(make_schedule(next_run_at=None).pk)).code == 0

    def test_a_task_of_the_schedule_that_has_not_ended_does_not_hold_it_up(self) -> None:
        schedule = make_schedule()
        make_task(schedule.workflow, status=TaskStatus.SUSPENDED, concurrency_key=schedule.pk)
        assert run("force", str(schedule.pk)).code == 0
        assert Firing.objects.get().outcome == FiringOutcome.STARTED

    def test_it_takes_the_place_of_no_other_task(self) -> None:
        schedule = make_schedule(overlap_policy="cancel_running")
        task = make_task(schedule.workflow, status=TaskStatus.SUSPENDED, concurrency_key=schedule.pk)
        assert run("force", str(schedule.pk)).code == 0
        task.refresh_from_db()
        assert task.status == TaskStatus.SUSPENDED

    def test_a_failing_task_is_told_with_its_reason_and_never_as_a_success(self) -> None:
        def call() -> None:
            raise ValueError("node nl-1 is unknown")

        schedule = make_schedule(make_workflow(make_step("NSO calls", call)))
        answer = run("force", str(schedule.pk))
        assert answer.code == 1
        assert answer.stderr == "Task execution failed: NSO calls: ValueError: node nl-1 is unknown\n"
        assert "success" not in answer.stdout + answer.stderr

    def test_a_workflow_without_code_is_a_failing_task(self) -> None:
        schedule = make_schedule(make_workflow(name="task_gone", has_code=False))
        answer = run("force", str(schedule.pk))
        assert answer.code == 1
        assert answer.stderr == "Task execution failed: no code is registered for workflow 'task_gone'\n"
        assert Task.objects.get().status == TaskStatus.FAILED

    @pytest.mark.parametrize("given", ["00000000-0000-4000-8000-000000000000", "nightly", "", "-1"])
    def test_an_unknown_or_malformed_id_is_not_found(self, given: str) -> None:
        answer = run("force", *(["--"] if given.startswith("-") else []), given)
        assert answer == Answer(1, "", f"Task '{given}' not found.\n")
        assert not Task.objects.exists()


@pytest.mark.usefixtures("shipped_workflows")
class TestLoadInitialSchedule:
    def test_the_five_are_created_as_every_installation_has_them(self) -> None:
        before = database_now()
        answer = run("load-initial-schedule")
        assert (answer.code, answer.stderr) == (0, "")
        assert answer.stdout.splitlines() == [f"Schedule '{name}' created." for name in INITIAL]
        stored = {each.name: (each.workflow.name, str(each.trigger_rule)) for each in Schedule.objects.all()}
        assert stored == INITIAL
        for schedule in Schedule.objects.all():
            assert schedule.next_run_at is not None
            assert schedule.next_run_at > before
            assert schedule.created_by == "load-initial-schedule"

    def test_loading_again_changes_nothing(self) -> None:
        run("load-initial-schedule")
        before = list(Schedule.objects.order_by("pk").values())
        answer = run("load-initial-schedule")
        assert (answer.code, answer.stderr) == (0, "")
        assert answer.stdout.splitlines() == [f"Schedule '{name}' is there already." for name in INITIAL]
        assert list(Schedule.objects.order_by("pk").values()) == before

    def test_what_operators_changed_stays(self) -> None:
        run("load-initial-schedule")
        schedule = Schedule.objects.get(name="Task Clean Up Tasks")
        changes = ScheduleChanges(name="Sweep", trigger_kwargs={"hours": 2})
        update_schedule(schedule_id=schedule.pk, changes=changes, actor="ada")
        assert "Schedule 'Task Clean Up Tasks' is there already." in run("load-initial-schedule").stdout
        schedule.refresh_from_db()
        assert (schedule.name, schedule.trigger_kwargs) == ("Sweep", {"hours": 2})
        assert Schedule.objects.count() == 5

    def test_recreate_puts_the_original_back_under_its_id(self) -> None:
        run("load-initial-schedule")
        schedule = Schedule.objects.get(name="Task Clean Up Tasks")
        changes = ScheduleChanges(name="Sweep", trigger_kwargs={"hours": 2})
        update_schedule(schedule_id=schedule.pk, changes=changes, actor="ada")
        own = make_schedule(name="Mine")
        answer = run("load-initial-schedule", "--recreate")
        assert answer.stdout.splitlines() == [f"Schedule '{name}' recreated." for name in INITIAL]
        again = Schedule.objects.get(pk=schedule.pk)
        assert (again.name, again.trigger_kwargs, again.version) == ("Task Clean Up Tasks", {"hours": 6}, 1)
        assert Schedule.objects.filter(pk=own.pk).exists()
        assert Schedule.objects.count() == 6

    def test_one_that_was_deleted_is_created_again(self) -> None:
        run("load-initial-schedule")
        Schedule.objects.filter(name="Task Clean Up Tasks").delete()
        assert "Schedule 'Task Clean Up Tasks' created." in run("load-initial-schedule").stdout
        assert Schedule.objects.count() == ScheduleWorkflow.objects.count() == 5

    def test_a_missing_workflow_is_told_and_the_others_are_loaded(self) -> None:
        Workflow.objects.filter(name="task_validate_products").update(deleted_at=NOW)
        answer = run("load-initial-schedule")
        assert answer.code == 0
        assert answer.stderr == "Workflow 'task_validate_products' not found. Skipping schedule.\n"
        assert Schedule.objects.count() == 4

    def test_the_initial_schedules_of_extra_apps_are_loaded_as_well(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        app, silent = f"app_{uuid4().hex}", f"app_{uuid4().hex}"
        for name in (app, silent):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").touch()
        (tmp_path / app / "schedules.py").write_text(
            "from schedules.initial import InitialSchedule\n"
            "INITIAL_SCHEDULES = [InitialSchedule('Mine', 'task_mine', 'interval', {'minutes': 5})]\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        settings.EXTRA_APPS = [app, silent]
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, app, silent]
        make_workflow(name="task_mine")
        assert run("load-initial-schedule").stdout.splitlines()[-1] == "Schedule 'Mine' created."
        schedule = Schedule.objects.get(name="Mine")
        assert (schedule.workflow.name, schedule.trigger_kwargs) == ("task_mine", {"minutes": 5})
        for name in [name for name in sys.modules if name.startswith((app, silent))]:
            del sys.modules[name]

    def test_one_that_an_app_declares_wrongly_is_told_and_the_others_are_loaded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = InitialSchedule("Wrong", "task_sync_from", "interval", {"hour": 1})
        monkeypatch.setattr(initial, "INITIAL_SCHEDULES", (wrong, *initial.INITIAL_SCHEDULES))
        answer = run("load-initial-schedule")
        assert answer.code == 1
        assert answer.stderr.startswith("Schedule 'Wrong' cannot be loaded: unknown argument 'hour'")
        assert Schedule.objects.count() == 5


class TestUsage:
    @pytest.mark.parametrize("subcommand", ["run", "show-schedule", "preview", "force", "load-initial-schedule"])
    def test_each_subcommand_has_help(self, subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(subcommand, "--help").code == 0
        assert subcommand in capsys.readouterr().out

    @pytest.mark.parametrize("arguments", [[], ["fire"], ["force"]], ids=str)
    def test_a_wrong_call_is_refused(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            run(*arguments)

    def test_nothing_is_loaded_unless_somebody_asks(self) -> None:
        run("show-schedule")
        assert not Schedule.objects.exists()
