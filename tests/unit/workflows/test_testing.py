"""Running workflows in tests: what a run gives, and what stands in for steps."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest

from workflows.engine import InconsistentData, State, StepList, Target, WorkflowError, begin, done, init, step, task
from workflows.engine import workflow as define_workflow
from workflows.engine.errors import InvalidInputs
from workflows.testing import (
    TASK_ID,
    StubError,
    assert_completed,
    assert_failed,
    resume_workflow,
    run_workflow,
)


@step("Read ports")
def read_ports(device: str) -> State:
    raise ConnectionError(f"no test reaches {device}")


@step("Compare")
def compare(ports: list[str], expected: int = 2) -> State:
    if len(ports) != expected:
        raise InconsistentData(f"{len(ports)} ports, not {expected}")
    return {"compared": True}


@step("Send report")
def send_report(compared: bool) -> State:
    raise TimeoutError("no mail server in a test")


@define_workflow("Audit", target=Target.SYSTEM)
def task_audit() -> StepList:
    return init >> read_ports >> compare >> send_report >> done


PORTS: Any = {"Read ports": {"ports": ["a", "b"]}, "Send report": {"sent": True}}
FIRST = {"task_id": TASK_ID, "workflow_name": "task_audit", "workflow_target": "SYSTEM", "reporter": "a test"}


def names_of(result: Any) -> list[tuple[str, str]]:
    return [(each.name, each.status) for each in result.steps]


class TestACompleteRun:
    def test_every_step_is_kept_with_the_state_after_it(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS)
        assert (result.status, result.failure, result.failed_reason) == ("completed", None, "")
        first = {**FIRST, "device": "r1"}
        read = {**first, "ports": ["a", "b"]}
        compared = {**read, "compared": True}
        sent = {**compared, "sent": True}
        assert [(each.name, each.status, each.state, each.error) for each in result.steps] == [
            ("Start", "success", first, None),
            ("Read ports", "success", read, None),
            ("Compare", "success", compared, None),
            ("Send report", "success", sent, None),
            ("Done", "complete", sent, None),
        ]
        assert result.state == sent
        assert_completed(result)

    def test_who_started_it_and_its_id_can_be_given(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS, reporter="ada", task_id="17")
        assert (result.state["reporter"], result.state["task_id"]) == ("ada", "17")

    def test_the_target_is_that_of_the_workflow(self) -> None:
        @define_workflow("Modify", target=Target.MODIFY)
        def modify_port() -> StepList:
            return init >> done

        assert run_workflow(modify_port).state["workflow_target"] == "MODIFY"

    def test_a_workflow_made_by_task_runs_with_its_ends(self) -> None:
        @task("Audit")
        def task_short() -> StepList:
            return begin >> read_ports

        result = run_workflow(task_short, stubs={read_ports: {"ports": []}})
        assert names_of(result) == [("Start", "success"), ("Read ports", "success"), ("Done", "complete")]

    def test_the_state_given_is_read_back_as_json_as_inputs_of_a_task_are(self) -> None:
        given: dict[str, Any] = {"device": "r1", "sites": ("ams", {"deep": (1,)})}
        result = run_workflow(task_audit, state=given, stubs=PORTS)
        assert result.steps[0].state["sites"] == ["ams", {"deep": [1]}]
        assert given == {"device": "r1", "sites": ("ams", {"deep": (1,)})}

    def test_a_change_to_one_state_leaves_the_others_alone(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS)
        result.state["ports"].append("c")
        assert [each.state["ports"] for each in result.steps[1:4]] == [["a", "b"]] * 3

    def test_what_is_no_workflow_is_refused(self) -> None:
        with pytest.raises(WorkflowError, match=r"'task_audit' is no workflow: give the function that @workflow"):
            run_workflow("task_audit")  # type: ignore[arg-type]


class TestTheGivenState:
    @pytest.mark.parametrize("key", ["task_id", "workflow_name", "workflow_target", "reporter"])
    def test_a_key_that_the_task_sets_itself_is_refused(self, key: str) -> None:
        with pytest.raises(InvalidInputs, match=f"'{key}' is set by the task itself; give the input another name"):
            run_workflow(task_audit, state={key: "x"})

    @pytest.mark.parametrize(
        "value", [object(), float("nan"), "a\0b", "\udcff", {1, 2}], ids=["object", "nan", "NUL", "half", "set"]
    )
    def test_what_cannot_be_stored_is_refused(self, value: object) -> None:
        with pytest.raises(InvalidInputs, match="the inputs cannot be stored: "):
            run_workflow(task_audit, state={"device": value})

    def test_a_key_that_is_no_string_is_refused(self) -> None:
        with pytest.raises(InvalidInputs, match="the inputs have the key 1; keys are strings"):
            run_workflow(task_audit, state={1: "x"})  # type: ignore[dict-item]


class TestAFailingStep:
    def test_the_run_ends_there_with_the_state_before_it(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs={"Read ports": {"ports": ["a"]}})
        assert (result.status, names_of(result)[-1]) == ("inconsistent_data", ("Compare", "failed"))
        assert result.state == result.steps[-2].state == {**FIRST, "device": "r1", "ports": ["a"]}
        assert result.failed_reason == "Compare: InconsistentData: 1 ports, not 2"
        failure = result.failure
        assert failure is not None
        assert (failure.step, failure.error_class, failure.message) == (
            "Compare",
            "InconsistentData",
            "1 ports, not 2",
        )
        assert "in compare" in failure.traceback
        assert result.steps[-1].error == {
            "class": "InconsistentData",
            "message": "1 ports, not 2",
            "traceback": failure.traceback,
        }

    def test_a_step_without_a_stub_is_run_for_real(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"})
        assert (result.status, result.failed_reason) == (
            "api_unavailable",
            "Read ports: ConnectionError: no test reaches r1",
        )

    def test_a_missing_key_is_named(self) -> None:
        assert_failed(run_workflow(task_audit), match="step 'Read ports' needs 'device', which is not in the state")


class TestStubs:
    def test_a_function_gets_keys_of_the_state_by_name(self) -> None:
        def fake(device: str, *, state: State, sort: bool = True) -> State:
            assert state["device"] == device
            return {"ports": [device, str(sort)]}

        result = run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Read ports": fake})
        assert result.state["ports"] == ["r1", "True"]

    def test_a_mock_with_the_parameters_of_the_step_tells_what_it_was_called_with(self) -> None:
        mock = create_autospec(send_report.function, return_value={"sent": True})
        assert_completed(run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Send report": mock}))
        mock.assert_called_once_with(compared=True)

    def test_what_a_function_raises_fails_the_step(self) -> None:
        def fake() -> None:
            raise KeyError("gi-0/0/1")

        result = run_workflow(task_audit, state={"device": "r1"}, stubs={"Read ports": fake})
        assert_failed(result, match=r"^Read ports: KeyError: 'gi-0/0/1'$")
        assert result.status == "failed"

    def test_what_a_dict_holds_goes_through_the_rules_of_what_steps_return(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs={"Read ports": {"ports": object()}})
        assert_failed(result, match="step 'Read ports' returned 'ports', which is not JSON")

    def test_a_name_stands_for_all_steps_of_that_name_and_a_step_for_itself(self) -> None:
        other = step("Read ports")(lambda: {"ports": ["real"]})

        @define_workflow("Twice")
        def task_twice() -> StepList:
            return init >> read_ports >> other >> done

        by_name = run_workflow(task_twice, stubs={"Read ports": {"ports": ["stub"]}})
        assert [each.state.get("ports") for each in by_name.steps] == [None, ["stub"], ["stub"], ["stub"]]
        by_step = run_workflow(task_twice, stubs={read_ports: {"ports": ["stub"]}})
        assert [each.state.get("ports") for each in by_step.steps] == [None, ["stub"], ["real"], ["real"]]
        with pytest.raises(StubError, match=r"'Read ports' and <Step 'Read ports'> are the same step"):
            run_workflow(task_twice, stubs={"Read ports": {}, other: {}})

    def test_the_last_step_completes_the_task_with_a_stub_in_its_place_too(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Done": {"ended": True}})
        assert (result.status, result.state["ended"], names_of(result)[-1]) == (
            "completed",
            True,
            ("Done", "complete"),
        )

    def test_another_step_can_stand_in(self) -> None:
        fake = step("Fake")(lambda device: {"ports": [device, device]})
        result = run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Read ports": fake})
        assert (result.steps[1].name, result.state["ports"]) == ("Read ports", ["r1", "r1"])

    def test_the_workflow_is_as_before(self) -> None:
        run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS)
        assert [each.name for each in task_audit.steps] == ["Start", "Read ports", "Compare", "Send report", "Done"]
        assert task_audit.steps[1] is read_ports

    @pytest.mark.parametrize(
        ("key", "hint"),
        [
            ("Send raport", "no step of 'task_audit' is 'Send raport': did you mean 'Send report'?"),
            ("xyz", "no step of 'task_audit' is 'xyz'; its steps are Start, Read ports, Compare, Send report, Done"),
            (
                step("Compare")(send_report.function),
                "no step of 'task_audit' is <Step 'Compare'>: did you mean 'Compare'?",
            ),
            (7, "no step of 'task_audit' is 7; its steps are Start"),
        ],
        ids=str,
    )
    def test_a_stub_for_no_step_is_refused_before_anything_runs(self, key: Any, hint: str) -> None:
        def never() -> None:
            pytest.fail("a step ran")

        with pytest.raises(StubError) as refused:
            run_workflow(task_audit, stubs={"Start": never, key: {}})
        assert str(refused.value).startswith(hint)

    @pytest.mark.parametrize(
        ("stub", "reason"),
        [
            (None, "the stub for 'Compare' is None; give a function, or a dict to merge"),
            ([{}], r"the stub for 'Compare' is \[{}\]; give a function, or a dict to merge"),
            (lambda *args: {}, r"the stub for 'Compare' cannot run as a step: step 'Compare' takes '\*args'"),
            (dict, "the stub for 'Compare' has parameters that cannot be read"),
        ],
        ids=["none", "list", "star", "builtin"],
    )
    def test_what_cannot_run_as_a_step_is_refused(self, stub: Any, reason: str) -> None:
        with pytest.raises(StubError, match=reason):
            run_workflow(task_audit, stubs={"Compare": stub})


class TestResuming:
    def test_it_goes_on_at_the_failed_step_with_the_state_before_it(self) -> None:
        calls: list[str] = []

        def read(device: str) -> State:
            calls.append(device)
            return {"ports": ["a", "b"]}

        failed = run_workflow(task_audit, state={"device": "r1"}, stubs={"Read ports": read})
        assert failed.status == "api_unavailable"
        resumed = resume_workflow(failed, stubs={"Send report": {"sent": True}})
        assert names_of(resumed) == [
            ("Start", "success"),
            ("Read ports", "success"),
            ("Compare", "success"),
            ("Send report", "failed"),
            ("Send report", "success"),
            ("Done", "complete"),
        ]
        assert resumed.state == {**failed.state, "sent": True}
        assert (resumed.status, resumed.failure) == ("completed", None)
        assert calls == ["r1"]
        assert names_of(failed)[-1] == ("Send report", "failed")

    def test_the_stubs_of_the_run_hold_for_the_steps_after_it(self) -> None:
        failed = run_workflow(
            task_audit, state={"device": "r1"}, stubs={"Read ports": {"ports": []}, "Send report": {"sent": 1}}
        )
        resumed = resume_workflow(failed, stubs={"Compare": {"compared": True}})
        assert (resumed.status, resumed.state["sent"]) == ("completed", 1)

    def test_a_step_as_its_own_stub_runs_for_real_again(self) -> None:
        failed = run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Compare": lambda: 1 / 0})
        assert failed.status == "failed"
        resumed = resume_workflow(failed, stubs={compare: compare})
        assert (resumed.status, resumed.state["compared"]) == ("completed", True)

    def test_it_may_fail_again_and_be_resumed_again(self) -> None:
        once = run_workflow(task_audit, state={"device": "r1"}, stubs={"Read ports": {"ports": ["a", "b"]}})
        twice = resume_workflow(once)
        assert names_of(twice)[-2:] == [("Send report", "failed")] * 2
        assert twice.status == "api_unavailable"
        assert resume_workflow(twice, stubs={send_report: {}}).status == "completed"

    def test_a_failure_of_the_first_step_is_resumed_with_the_inputs(self) -> None:
        failed = run_workflow(task_audit, state={"device": "r1"}, stubs={**PORTS, "Start": lambda: 1 / 0})
        resumed = resume_workflow(failed, stubs={"Start": {}})
        assert resumed.status == "completed"
        assert names_of(resumed)[:2] == [("Start", "failed"), ("Start", "success")]

    def test_one_that_completed_is_refused(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS)
        with pytest.raises(WorkflowError, match="'task_audit' is completed: there is no step to go on at"):
            resume_workflow(result)


class TestAsserting:
    def test_a_failed_run_shows_the_traceback_of_the_step(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"})
        with pytest.raises(AssertionError) as failed:
            assert_completed(result)
        message = str(failed.value)
        assert message.startswith("'task_audit' is api_unavailable, not completed. The step 'Read ports' failed:\n\n")
        assert "Traceback (most recent call last):" in message
        assert 'raise ConnectionError(f"no test reaches {device}")' in message
        assert message.endswith("ConnectionError: no test reaches r1\n")

    def test_another_error_than_expected_shows_the_traceback_of_the_step(self) -> None:
        result = run_workflow(task_audit, state={"device": "r1"})
        with pytest.raises(AssertionError, match="'TimeoutError' is not found in 'Read ports: Conn") as failed:
            assert_failed(result, match="TimeoutError")
        assert "in read_ports" in str(failed.value)

    def test_a_completed_run_has_not_failed(self) -> None:
        with pytest.raises(
            AssertionError, match=r"'task_audit' is completed; no step failed for good. Its state: .*'sent'"
        ):
            assert_failed(run_workflow(task_audit, state={"device": "r1"}, stubs=PORTS))

    def test_any_failure_will_do_unless_one_is_named(self) -> None:
        assert_failed(run_workflow(task_audit))


ALONE = """
import sys
from workflows import LazyWorkflowInstance
from workflows.engine import done, init, step, workflow
from workflows.testing import assert_completed, run_workflow

@workflow("Alone")
def task_alone():
    return init >> step("Greet")(lambda name: {"greeting": f"hello {name}"}) >> done

result = run_workflow(task_alone, state={"name": "ada"})
assert_completed(result)
print(result.state["greeting"], sorted({name.partition(".")[0] for name in sys.modules} & {
    "django", "rest_framework", "structlog", "psycopg", "orchestrator_site", "tasks", "schedules"}))
"""


def test_it_needs_neither_settings_nor_a_database_nor_django() -> None:
    place = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE], env={}, cwd=place, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("hello ada []\n", "")


def test_the_tests_in_the_docs_pass(tmp_path: Path) -> None:
    place = Path(__file__).parents[3]
    page = (place / "docs" / "writing-tasks.md").read_text()
    blocks = [
        textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    ]
    files = {block.splitlines()[0].removeprefix("# "): block for block in blocks}
    tests = ("acme_tasks/test_nightly_report.py", "acme_tasks/test_order_line.py")
    for name in ("acme_tasks/workflows/tasks/nightly_report.py", *tests):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(files[name])
    plain = ["-p", "no:django", "-p", "no:cacheprovider", "-c", "/dev/null"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plain, tmp_path],
        env={"PYTHONPATH": f"{tmp_path}:{place}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "5 passed" in ran.stdout, ran.stdout + ran.stderr
