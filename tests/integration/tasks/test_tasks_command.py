"""`manage.py tasks …`, as a person at a terminal and a script meet it."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tasks.freezing import current_freeze
from tasks.management import start
from tasks.models import EngineFreeze, StepStatus, Task, TaskStatus
from tests.integration.api.support import UNKNOWN_ID, make_client, make_user, stored_rows
from tests.support.factories import (
    HOUR,
    NOW,
    make_step,
    make_task,
    make_task_step,
    make_workflow,
    register_code,
    run_until_it_stops,
)
from tests.support.stopped_tasks import Approval, make_awaiting_task, make_suspended_task, make_waiting_task
from workflows.engine import Backoff, Target, retrystep

pytestmark = pytest.mark.django_db

SUBCOMMANDS = ["list", "show", "start", "resume", "retry", "abort", "delete", "freeze", "unfreeze"]
OF_ONE_TASK = ["show", "resume", "retry", "abort", "delete"]


@dataclass
class Answer:
    code: int | str | None
    stdout: str
    stderr: str


def run(*arguments: object) -> Answer:
    stdout, stderr = StringIO(), StringIO()
    code: int | str | None = 0
    try:
        call_command("tasks", *map(str, arguments), stdout=stdout, stderr=stderr)
    except SystemExit as end:
        code = end.code
    return Answer(code, stdout.getvalue(), stderr.getvalue())


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of the tables that were printed, headers too."""
    lines = [line for line in text.splitlines() if line and line[0] in "│┃"]
    return [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines]


def refused(*arguments: object, code: int = 1) -> str:
    """Return the one line that a command says which changes nothing."""
    before = stored_rows()
    answer = run(*arguments)
    assert (answer.code, answer.stdout) == (code, "")
    assert answer.stderr.count("\n") == 1
    assert stored_rows() == before
    return answer.stderr.rstrip("\n")


def fail() -> None:
    raise ValueError("no [red]route")


@pytest.fixture
def client(db: None) -> APIClient:
    return make_client(make_user(is_superuser=True))


class TestList:
    def test_the_newest_comes_first_each_in_a_row(self) -> None:
        older = make_task(status=TaskStatus.COMPLETED)
        newer = make_task(now=NOW + HOUR, status=TaskStatus.FAILED, failed_reason="Sync: [bold]no route\nat all")
        answer = run("list")
        assert (answer.code, answer.stdout.splitlines()[0].strip()) == (0, "Tasks")
        assert rows_of(answer.stdout) == [
            ["id", "workflow", "status", "created", "finished", "reason"],
            [str(newer.pk), newer.workflow.name, "failed", *["2027-03-01 10:00:00+00:00"] * 2, "Sync: [bold]no route"],
            [str(older.pk), older.workflow.name, "completed", *["2027-03-01 09:00:00+00:00"] * 2, ""],
        ]

    def test_options_narrow_it(self) -> None:
        wanted = make_task(status=TaskStatus.FAILED)
        make_task(wanted.workflow)
        make_task(status=TaskStatus.FAILED)
        listed = rows_of(run("list", "--status", "failed", "--workflow", wanted.workflow.name).stdout)
        assert [row[0] for row in listed[1:]] == [str(wanted.pk)]
        assert len(rows_of(run("list", "--limit", 2).stdout)) == 3

    def test_json_is_what_the_rest_api_answers(self, client: APIClient) -> None:
        for _ in range(2):
            make_suspended_task(), make_awaiting_task(), make_waiting_task()
        make_task(schedule_id=UNKNOWN_ID, scheduled_for=NOW, abort_requested_at=NOW, version=7, revision=3)
        make_task(make_workflow(has_code=False), status=TaskStatus.RUNNING)
        assert json.loads(run("list", "--json").stdout) == client.get("/api/tasks").json()["results"]
        assert json.loads(run("list", "--json", "--status", "completed").stdout) == []

    @pytest.mark.parametrize("limit", [0, 1001, -5])
    def test_a_limit_out_of_bounds_is_a_wrong_use(self, limit: int) -> None:
        assert refused("list", f"--limit={limit}", code=2) == f"--limit: {limit} is not a number from 1 to 1000"


class TestShow:
    def test_a_task_is_shown_with_its_steps(self) -> None:
        task = run_until_it_stops(make_task(make_workflow(make_step("Sync", fail)), inputs={"node": "nl-1"}))
        answer = run("show", task.pk)
        facts = dict(row for row in rows_of(answer.stdout) if len(row) == 2)
        assert facts["workflow"] == task.workflow.name
        assert (facts["status"], facts["reason"]) == ("failed", "Sync: ValueError: no [red]route")
        assert (facts["inputs"], facts["started by"], facts["attempts"]) == ('{"node": "nl-1"}', "a test", "1")
        moment = "2027-03-01 09:00:00+00:00"
        assert [row for row in rows_of(answer.stdout) if len(row) == 6] == [
            ["step", "status", "attempt", "started", "completed", "error"],
            ["Start", "success", "1", moment, moment, ""],
            ["Sync", "failed", "1", moment, moment, "ValueError: no [red]route"],
        ]

    def test_it_says_what_a_stopped_task_waits_for(self, client: APIClient) -> None:
        awaiting, path = make_awaiting_task(timeout_seconds=60)
        client.post(f"{path}/progress", {"percent": 40})
        shown = {
            task.status: dict(row for row in rows_of(run("show", task.pk).stdout) if len(row) == 2)
            for task in (make_suspended_task(), make_waiting_task(), awaiting)
        }
        assert shown["suspended"]["current step"] == "Approve"
        assert shown["suspended"]["asks for"] == "reason, count"
        assert shown["waiting"]["tried again at"].startswith("2027-03-01 ")
        assert shown["awaiting_callback"]["callback expires at"] == "2027-03-01 09:01:00+00:00"
        assert shown["awaiting_callback"]["progress"] == '{"percent": 40}'
        assert (
            path.rpartition("/")[2] not in run("show", awaiting.pk).stdout + run("show", awaiting.pk, "--json").stdout
        )

    def test_json_is_what_the_rest_api_answers(self, client: APIClient) -> None:
        failed = make_task(status=TaskStatus.FAILED, now=NOW)
        make_task_step(
            failed, status=StepStatus.FAILED, error={"class": "ValueError", "message": "é"}, state={"a": [1]}
        )
        awaiting, path = make_awaiting_task(timeout_seconds=60)
        client.post(f"{path}/progress", {"percent": 40})
        for task in (make_suspended_task(), awaiting, make_waiting_task(), failed):
            assert json.loads(run("show", task.pk, "--json").stdout) == client.get(f"/api/tasks/{task.pk}").json()


class TestStart:
    def test_the_id_is_printed_alone(self) -> None:
        workflow = make_workflow()
        answer = run("start", workflow.name)
        task = Task.objects.get()
        assert answer == Answer(0, f"{task.pk}\n", "")
        assert (task.workflow, task.status, task.inputs) == (workflow, TaskStatus.CREATED, {})
        assert task.reporter == "tasks start"

    @pytest.mark.parametrize(
        ("arguments", "inputs"),
        [
            (["--input", "site=ams-1", "--input", "note=a=b"], {"site": "ams-1", "note": "a=b"}),
            (["--input", "count=3"], {"count": "3"}),
            (["--input", "empty="], {"empty": ""}),
            (["--inputs", '{"count": 3, "sites": ["ams-1"]}'], {"count": 3, "sites": ["ams-1"]}),
        ],
    )
    def test_inputs_come_one_by_one_or_as_json(self, arguments: list[str], inputs: dict[str, Any]) -> None:
        assert run("start", make_workflow().name, *arguments).code == 0
        assert Task.objects.get().inputs == inputs

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["--input", "site"], "--input: 'site' is no KEY=VALUE such as site=ams-1"),
            (["--input", "=x"], "--input: '=x' is no KEY=VALUE"),
            (["--input", "a=1", "--input", "a=2"], "--input: 'a' is given twice"),
            (["--inputs", "{"], "--inputs: '{' is no JSON"),
            (["--inputs", "[1]"], "--inputs: '[1]' is no object"),
            (["--inputs", "null"], "--inputs: 'null' is no object"),
        ],
    )
    def test_what_are_no_inputs_is_a_wrong_use(self, arguments: list[str], line: str) -> None:
        assert refused("start", make_workflow().name, *arguments, code=2).startswith(line)

    def test_what_the_workflow_refuses_is_told_in_a_line(self) -> None:
        form = make_workflow(options={"initial_input_form": Approval})
        line = refused("start", form.name, "--inputs", '{"reason": "", "count": "x"}')
        assert line.startswith("inputs.reason: ")
        assert "; inputs.count: " in line
        predicate = make_workflow(options={"run_predicate": lambda request: "not\nnow"})
        assert refused("start", predicate.name) == "not now"

    def test_an_unknown_workflow_and_one_that_is_no_task_are_told(self) -> None:
        assert refused("start", "task_nothing") == "Task does not exist: workflow_name 'task_nothing'"
        assert "has the target CREATE" in refused("start", make_workflow(target=Target.CREATE).name)
        assert refused("start", make_workflow().name, "--inputs", '{"task_id": 1}').startswith("'task_id' is set by")

    def test_the_system_may_start_what_users_may_not(self) -> None:
        workflow = make_workflow(options={"authorize_callback": lambda user: False})
        assert run("start", workflow.name).code == 0


class TestWaiting:
    """`start --wait`; a pause of it is the time in which a worker works."""

    @staticmethod
    def wait_for(monkeypatch: pytest.MonkeyPatch, workflow: Any, *in_pauses: Any) -> Answer:
        pauses = list(in_pauses)

        def pause() -> None:
            pauses.pop(0)()

        monkeypatch.setattr(start, "pause", pause)
        answer = run("start", workflow.name, "--wait")
        assert pauses == [], "it did not wait long enough"
        return answer

    @staticmethod
    def work() -> None:
        run_until_it_stops(Task.objects.get())

    def test_it_waits_until_the_task_has_completed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = self.wait_for(monkeypatch, make_workflow(), lambda: None, self.work)
        assert answer == Answer(0, f"{Task.objects.get().pk}\ncompleted\n", "")

    def test_one_that_failed_is_told_with_its_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = self.wait_for(monkeypatch, make_workflow(make_step("Sync", fail)), self.work)
        task = Task.objects.get()
        assert answer == Answer(1, f"{task.pk}\n", f"task {task.pk} is failed: Sync: ValueError: no [red]route\n")

    def test_one_that_is_suspended_waits_for_a_person_and_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        suspended = make_suspended_task()
        Task.objects.all().delete()
        answer = self.wait_for(monkeypatch, suspended.workflow, self.work)
        assert (answer.code, answer.stderr) == (1, f"task {Task.objects.get().pk} is suspended\n")

    def test_one_that_goes_on_by_itself_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[int] = []

        def call() -> None:
            calls.append(1)
            if len(calls) == 1:
                raise ConnectionError("no route")

        workflow = make_waiting_task().workflow
        Task.objects.all().delete()
        register_code(workflow.name, [retried(call)])
        answer = self.wait_for(monkeypatch, workflow, self.work, lambda: None, self.work)
        assert (answer.code, len(calls)) == (0, 2)

    def test_one_that_is_deleted_meanwhile_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = self.wait_for(monkeypatch, make_workflow(), lambda: Task.objects.all().delete())
        assert (answer.code, answer.stderr.startswith("Task does not exist: task_id '")) == (1, True)

    def test_ctrl_c_leaves_it_to_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        answer = self.wait_for(monkeypatch, make_workflow(), interrupt)
        task = Task.objects.get()
        assert (answer.code, task.status) == (130, TaskStatus.CREATED)
        assert answer.stderr == f"task {task.pk} goes on without being waited for\n"


def retried(call: Any) -> Any:
    return retrystep("Call", backoff=Backoff(first_seconds=0))(call)


class TestMoving:
    def test_a_suspended_task_is_resumed_with_answers(self) -> None:
        task = make_suspended_task()
        assert refused("resume", task.pk) == "step 'Approve' asks for inputs: give them"
        assert refused("resume", task.pk, "--input", f"reason={'x' * 41}").startswith("inputs.reason: ")
        answer = run("resume", task.pk, "--input", "reason=why", "--input", "count=3")
        assert answer == Answer(0, f"Task {task.pk} is on the queue.\n", "")
        assert Task.objects.get().answers == {"reason": "why", "count": 3}

    def test_one_whose_steps_were_changed_is_resumed_at_a_step(self) -> None:
        task = run_until_it_stops(make_task(make_workflow(make_step("Sync", fail))))
        register_code(task.workflow.name, [make_step("NSO calls", lambda: None)])
        answer = run("resume", task.pk)
        assert answer.code == 1
        assert answer.stderr.startswith("its steps were changed; choose the step at which it is to go on (resume_at)\n")
        assert "→ Sync            | NSO calls\n" in answer.stderr
        assert "did you mean 'NSO calls'?" in refused("resume", task.pk, "--at", "NSO call")
        assert run("resume", task.pk, "--at", "NSO calls").code == 0
        assert (Task.objects.get().status, Task.objects.get().position) == (TaskStatus.RESUMED, 1)

    def test_one_that_failed_or_waits_is_retried_and_no_other(self) -> None:
        for status in (TaskStatus.FAILED, TaskStatus.WAITING):
            task = make_task(status=status)
            assert run("retry", task.pk) == Answer(0, f"Task {task.pk} is on the queue.\n", "")
        assert "suspended cannot be retried" in refused("retry", make_task(status=TaskStatus.SUSPENDED).pk)

    def test_an_idle_one_is_aborted_at_once_and_a_running_one_before_its_next_step(self) -> None:
        idle, running = make_task(), make_task(status=TaskStatus.RUNNING)
        assert run("abort", idle.pk) == Answer(0, f"Task {idle.pk} is aborted.\n", "")
        assert run("abort", running.pk) == Answer(0, f"Task {running.pk} ends before its next step.\n", "")
        assert refused("abort", idle.pk).startswith("a task that is aborted cannot become aborted")

    def test_one_that_has_ended_is_deleted(self) -> None:
        task = make_task(status=TaskStatus.FAILED)
        answer = run("delete", task.pk)
        assert answer == Answer(0, f"Task {task.pk} of '{task.workflow.name}', which was failed, is deleted.\n", "")
        assert not Task.objects.exists()
        assert refused("delete", make_task().pk) == "a task that is created cannot be deleted: abort it first"

    @pytest.mark.parametrize("subcommand", OF_ONE_TASK)
    @pytest.mark.parametrize("given", [UNKNOWN_ID, "latest", ""])
    def test_an_unknown_id_is_told(self, subcommand: str, given: str) -> None:
        assert refused(subcommand, given) == f"Task does not exist: task_id '{given}'"


class TestFreezing:
    def test_the_engine_is_frozen_and_goes_on(self) -> None:
        answer = run("freeze", "--reason", "Maintenance", "--until", "2099-03-01T03:00:00+01:00")
        freeze = current_freeze(now=NOW)
        assert freeze is not None
        assert answer.code == 0
        assert answer.stdout == (
            f"The engine is frozen by tasks freeze since {freeze.started_at:%Y-%m-%d %H:%M:%S}Z until"
            " 2099-03-01 02:00:00Z: Maintenance\n"
        )
        assert run("unfreeze") == Answer(0, "The engine goes on.\n", "")
        assert run("unfreeze") == Answer(0, "The engine was not frozen.\n", "")
        assert EngineFreeze.objects.get().ended_by == "tasks unfreeze"

    def test_what_cannot_be_is_told(self) -> None:
        assert refused("freeze", "--reason", " ", code=2) == "--reason: say why: people will ask"
        long = refused("freeze", "--reason", "x" * 1_001, code=2)
        assert long == "--reason: it has 1,001 characters; give at most 1,000 characters"
        past = refused("freeze", "--reason", "x", "--until", "2020-01-01T00:00:00Z", code=2)
        assert past == "--until: 'until' 2020-01-01T00:00:00+00:00 has passed"
        wrong = refused("freeze", "--reason", "x", "--until", "tomorrow", code=2)
        assert wrong.startswith("--until: 'tomorrow' is no moment with an offset; give one such as 2027-")


class TestUsage:
    @pytest.mark.parametrize("subcommand", SUBCOMMANDS)
    def test_each_subcommand_has_help(self, subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(subcommand, "--help").code == 0
        assert f"tasks {subcommand}" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["stop"],
            ["freeze"],
            ["start"],
            ["list", "--status", "done"],
            ["start", "x", "--input", "a=1", "--inputs", "{}"],
            *([each] for each in OF_ONE_TASK),
        ],
        ids=str,
    )
    def test_a_wrong_call_is_refused(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            run(*arguments)
