"""The task that holds code, rows, translations and products against each other, run for real."""

import json
from collections.abc import Iterable

import pytest

from orchestrator_site.common.clock import database_now
from tasks.models import StepStatus, Task, TaskStatus
from tasks.queue import claim_task
from tasks.runner import run_claimed
from tasks.services import resume_task
from tests.integration.workflows.conftest import UserApp
from tests.integration.workflows.runs import final_state, run
from tests.support.database import recorded_statements
from tests.support.factories import make_complete_product, make_lease, make_product, make_workflow, register_code
from workflows.engine import State, Target
from workflows.models import ProductStatus, Workflow
from workflows.registry import ALL_WORKFLOWS
from workflows.tasks.validate_products import MAX_FINDINGS, check_product_workflows, check_products

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]


@pytest.fixture
def translations(user_app: UserApp) -> None:
    """Have words for every workflow that these tests make."""
    user_app.install()
    targets = [target.lower() for target in Target]
    names = [f"{target}_{product}" for target in targets for product in ("port", "node", "line")]
    user_app.write("translations/en-GB.json", json.dumps({"workflows": dict.fromkeys(names, "Words")}))


def validate() -> tuple[str, State]:
    """Run the task; return what it reports, and the state in which it ended or before it failed."""
    task = run("task_validate_products")
    if task.status == TaskStatus.COMPLETED:
        return "", final_state(task)
    assert task.status == TaskStatus.INCONSISTENT_DATA
    failed = task.steps.get(status=StepStatus.FAILED)
    assert failed.name == "Report what was found"
    assert failed.error is not None
    message: str = failed.error["message"]
    assert task.failed_reason == f"Report what was found: InconsistentData: {message}"
    return message, failed.state


def test_it_passes_as_shipped_and_says_that_there_are_no_products() -> None:
    reported, state = validate()
    assert reported == ""
    assert "task_sync_from" in state["checked_workflows"]
    assert (state["checked_products"], state["checked_product_workflows"]) == (0, 0)
    assert (state["findings"], state["found"]) == ([], 0)


class TestWorkflows:
    def assert_reported(self, finding: str) -> None:
        reported, state = validate()
        assert reported == finding
        assert (state["findings"], state["found"]) == ([finding], 1)

    def test_a_missing_row_is_named(self) -> None:
        Workflow.objects.filter(name="task_sync_from").update(deleted_at=database_now())
        self.assert_reported("only in the database: []; only in code: ['task_sync_from']")

    def test_missing_code_is_named(self) -> None:
        make_workflow(name="task_gone", has_code=False)
        self.assert_reported("only in the database: ['task_gone']; only in code: []")

    def test_another_target_in_the_code_is_named(self) -> None:
        register_code("task_sync_from", target=Target.VALIDATE)
        self.assert_reported("'task_sync_from' is VALIDATE in code and SYSTEM in the database")

    def test_code_that_does_not_load_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broken = ALL_WORKFLOWS["task_sync_from"]
        monkeypatch.setattr(broken, "module", "no_such_module")
        monkeypatch.setattr(broken, "_definition", None)
        self.assert_reported(
            "code of workflow 'task_sync_from' cannot be imported from no_such_module: "
            "ModuleNotFoundError: No module named 'no_such_module'"
        )

    def test_a_missing_translation_is_named(self) -> None:
        make_workflow(name="task_untranslated")
        self.assert_reported("no en-GB translation for ['task_untranslated']")

    def test_a_translation_in_an_app_of_the_user_counts(self, user_app: UserApp) -> None:
        user_app.install()
        make_workflow(name="task_audit")
        self.assert_reported("no en-GB translation for ['task_audit']")
        user_app.write("translations/en-GB.json", '{"workflows": {"task_audit": "Audit"}}')
        assert "task_audit" in final_state(run("task_validate_products"))["checked_workflows"]

    def test_every_malformed_file_of_whatever_language_is_named(self, user_app: UserApp) -> None:
        user_app.install()
        english, dutch = user_app.write("translations/en-GB.json", "{"), user_app.write("translations/nl-NL.json", "[]")
        reported, state = validate()
        assert state["found"] == 2
        assert f"{english}, line 1, column 2: Expecting property name" in reported
        assert f"{dutch}: it holds list; write" in reported


@pytest.mark.usefixtures("translations")
class TestProducts:
    def test_complete_ones_pass_and_are_counted(self) -> None:
        make_complete_product("Port")
        make_product(*make_complete_product("Node").workflows.all(), name="Node with the workflows of another")
        reported, state = validate()
        assert reported == ""
        assert (state["checked_products"], state["checked_product_workflows"]) == (3, 8)

    @pytest.mark.parametrize("target", [Target.CREATE, Target.MODIFY, Target.TERMINATE, Target.VALIDATE])
    def test_the_target_that_is_missing_is_named_and_no_other(self, target: Target) -> None:
        make_complete_product("Node")
        port = make_complete_product("Port")
        port.links.filter(workflow__target=target).delete()
        Workflow.objects.filter(name=f"{target.lower()}_port").delete()
        ALL_WORKFLOWS.pop(f"{target.lower()}_port")
        assert validate()[0] == f"product 'Port' has no workflow with the target {target}"

    def test_each_product_is_told_on_its_own_whatever_others_have(self) -> None:
        make_product(name="Empty")
        port = make_complete_product("Port")
        make_product(*port.workflows.filter(target__in=["MODIFY", "TERMINATE"]), name="Half")
        reported, state = validate()
        assert reported == (
            "product 'Empty' has no workflow with the target CREATE, MODIFY, TERMINATE, VALIDATE; "
            "product 'Half' has no workflow with the target CREATE, VALIDATE"
        )
        assert (state["checked_products"], state["found"]) == (3, 2)

    @pytest.mark.parametrize("status", sorted(set(ProductStatus) - {ProductStatus.ACTIVE}))
    def test_what_is_not_active_may_lack_them(self, status: ProductStatus) -> None:
        make_product(name="Old", status=status, end_date=database_now())
        reported, state = validate()
        assert (reported, state["checked_products"]) == ("", 0)

    def test_a_deleted_workflow_counts_for_no_product_and_its_link_is_told(self) -> None:
        port = make_complete_product("Port")
        Workflow.objects.filter(name="modify_port").update(deleted_at=database_now())
        ALL_WORKFLOWS.pop("modify_port")
        assert port.workflows.count() == 4
        assert validate()[0] == (
            "product 'Port' has no workflow with the target MODIFY; product 'Port': workflow 'modify_port' was deleted"
        )

    def test_what_is_linked_and_could_not_run_is_told_with_its_products(self) -> None:
        port = make_complete_product("Port", status=ProductStatus.PHASE_OUT)
        make_product(*port.workflows.all(), name="Line")
        register_code("create_port", target=Target.MODIFY)
        ALL_WORKFLOWS.pop("validate_port")
        assert validate()[0] == (
            "'create_port' is MODIFY in code and CREATE in the database; "
            "only in the database: ['validate_port']; only in code: []; "
            "products 'Line', 'Port': 'create_port' is MODIFY in code and CREATE in the database; "
            "products 'Line', 'Port': no code is registered for workflow 'validate_port'"
        )

    def test_a_task_that_is_linked_is_told(self) -> None:
        port = make_complete_product("Port")
        port.links.create(workflow=make_workflow(name="system_port"))
        assert validate()[0] == "product 'Port': 'system_port' is a task, which is tied to no product"

    @pytest.mark.parametrize("target", sorted(set(Target) - {Target.SYSTEM}))
    def test_a_workflow_of_no_product_is_told(self, target: Target) -> None:
        make_complete_product("Port")
        name = f"{target.lower()}_node"
        make_workflow(name=name, target=target)
        assert validate()[0] == f"'{name}' has the target {target} and is of no product"

    def test_a_product_that_lacks_much_of_many_is_named_with_the_first_few(self) -> None:
        gone = make_workflow(name="create_port", target=Target.CREATE, deleted_at=database_now(), has_code=False)
        for number in range(8):
            make_product(gone, name=f"Port {number}", status=ProductStatus.PRE_PRODUCTION)
        assert validate()[0] == (
            "products 'Port 0', 'Port 1', 'Port 2', 'Port 3', 'Port 4' and 3 more: workflow 'create_port' was deleted"
        )


def test_everything_that_is_wrong_is_in_one_report_and_what_was_checked_in_the_state() -> None:
    make_workflow(name="task_untranslated")
    make_workflow(name="task_gone", has_code=False)
    make_workflow(name="modify_node", target=Target.MODIFY, has_code=False)
    make_product(name="Port")
    reported, state = validate()
    assert reported == "; ".join(state["findings"])
    assert state["findings"] == [
        "'modify_node' has the target MODIFY and is of no product",
        "no en-GB translation for ['task_untranslated']",
        "only in the database: ['modify_node', 'task_gone']; only in code: []",
        "product 'Port' has no workflow with the target CREATE, MODIFY, TERMINATE, VALIDATE",
    ]
    assert (state["found"], state["checked_products"], state["checked_product_workflows"]) == (4, 1, 0)


def test_the_report_of_very_much_is_bounded_and_says_how_much_more_there_is() -> None:
    for number in range(MAX_FINDINGS + 20):
        make_product(name=f"Port {number:03}")
    reported, state = validate()
    named = reported.split("; ")
    assert named[0] == "product 'Port 000' has no workflow with the target CREATE, MODIFY, TERMINATE, VALIDATE"
    assert named[-1] == f"and {MAX_FINDINGS + 20 - (len(named) - 1)} more"
    assert len(named) > 20
    assert len(reported) <= 2_000
    assert (len(state["findings"]), state["found"]) == (MAX_FINDINGS, MAX_FINDINGS + 20)


def test_many_products_take_the_statements_of_one() -> None:
    counts = []
    for names in (["Port"], [f"Node {number}" for number in range(30)]):
        make_all(names)
        with recorded_statements() as statements:
            check_products(findings=[], found=0)
            check_product_workflows(findings=[], found=0)
        counts.append(len(statements))
    assert counts == [4, 4]


def make_all(names: Iterable[str]) -> None:
    for name in names:
        make_complete_product(name)


def test_a_new_run_looks_again_and_one_that_is_resumed_reports_again() -> None:
    product = make_product(name="Port")
    task = run("task_validate_products")
    product.delete()
    resume_task(task_id=task.pk, actor="ada")
    claim = claim_task(make_lease(now=database_now()), task_id=task.pk)
    assert claim is not None
    run_claimed(claim, clock=database_now)
    assert Task.objects.get(pk=task.pk).failed_reason == task.failed_reason != ""
    assert validate()[0] == ""
