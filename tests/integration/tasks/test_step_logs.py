"""What is logged while a task runs: every line names the task, also those that its steps log themselves."""

from typing import Any
from uuid import uuid4

import pytest
import structlog
from structlog.testing import capture_logs

from tasks.models import Task, TaskStatus
from tasks.services import resume_task
from tests.integration.tasks.support import Clock, Network, run_due
from tests.support.factories import make_step, make_task, make_workflow
from workflows.engine import State, conditional, retrystep, step_group

pytestmark = pytest.mark.django_db

IDS = ("task_id", "workflow", "attempt", "step", "schedule_id")


def say_hello() -> None:
    structlog.get_logger("acme").info("hello")


def logged(clock: Clock, task: Task) -> list[dict[str, Any]]:
    """Run the task; return the lines that are logged meanwhile."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        run_due(clock, task)
    return [{**line} for line in lines]


def test_a_line_of_a_step_names_its_task_its_step_and_the_schedule(clock: Clock) -> None:
    schedule_id = uuid4()
    workflow = make_workflow(*step_group("Group", make_step("First", say_hello) >> make_step("Second", say_hello)))
    task = make_task(workflow, schedule_id=schedule_id)
    hellos = [line for line in logged(clock, task) if line["event"] == "hello"]
    assert [{key: line[key] for key in IDS} for line in hellos] == [
        {
            "task_id": str(task.pk),
            "workflow": workflow.name,
            "attempt": 1,
            "step": name,
            "schedule_id": str(schedule_id),
        }
        for name in ("Group: First", "Group: Second")
    ]


def test_a_line_of_a_condition_does_as_well(clock: Clock) -> None:
    def ask(state: State) -> bool:
        say_hello()
        return True

    steps = conditional(ask)(make_step("First", lambda: None))
    [hello] = [line for line in logged(clock, make_task(make_workflow(*steps))) if line["event"] == "hello"]
    assert hello["step"] == "First"


def test_a_task_that_no_schedule_started_names_none(clock: Clock) -> None:
    lines = logged(clock, make_task(make_workflow(make_step("First", say_hello))))
    assert all("schedule_id" not in line for line in lines)


def test_a_resumed_task_names_its_attempt(clock: Clock) -> None:
    network = Network(ValueError("no such node"))
    task = make_task(make_workflow(make_step("First", lambda: network.call("First")), make_step("Second", say_hello)))
    run_due(clock, task)
    resume_task(task_id=task.pk, actor="ada")
    [hello] = [line for line in logged(clock, task) if line["event"] == "hello"]
    assert hello["attempt"] == 2


def test_nothing_of_a_task_clings_to_what_is_logged_after_it(clock: Clock) -> None:
    for error in ([], [ValueError("no such node")]):
        network = Network(*error)
        run_due(clock, make_task(make_workflow(make_step("First", lambda network=network: network.call("First")))))
        assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.parametrize(
    ("error", "status", "event", "level"),
    [
        (None, TaskStatus.COMPLETED, "task_completed", "info"),
        (ValueError("no such node"), TaskStatus.FAILED, "step_failed", "error"),
        (ConnectionError("nso"), TaskStatus.API_UNAVAILABLE, "step_failed", "error"),
    ],
    ids=str,
)
def test_what_became_of_a_task_is_one_line(
    clock: Clock, error: Exception | None, status: TaskStatus, event: str, level: str
) -> None:
    network = Network(*([error] if error else []))
    task = make_task(make_workflow(make_step("First", lambda: network.call("First"))))
    told = [line for line in logged(clock, task) if line["log_level"] in {"info", "warning", "error"}]
    assert [(line["event"], line["log_level"]) for line in told] == [(event, level)]
    assert Task.objects.get().status == status


def test_a_task_that_is_to_be_tried_again_says_why(clock: Clock) -> None:
    network = Network(ConnectionError("nso:8080"))
    task = make_task(make_workflow(retrystep("First")(lambda: network.call("First"))))
    [line] = [line for line in logged(clock, task) if line["event"] == "task_stopped_at_step"]
    assert (line["status"], line["reason"], line["step"]) == ("waiting", "ConnectionError: nso:8080", "First")


def test_no_line_holds_the_state_of_a_task(clock: Clock) -> None:
    network = Network(ValueError("no such node"))
    task = make_task(make_workflow(make_step("First", lambda: network.call("First"))), inputs={"secret_plan": "x"})
    assert "secret_plan" not in str(logged(clock, task))
