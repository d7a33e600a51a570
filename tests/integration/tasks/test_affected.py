"""Which tasks a change of step lists concerns."""

from datetime import timedelta

import pytest

from tasks import affected
from tasks.affected import Affected, PresentSteps, find_affected
from tasks.deploys import save_version, version_of
from tasks.models import Task, TaskStatus
from tests.support.database import recorded_statements
from tests.support.factories import NOW, make_step, make_task, make_workflow, register_code
from workflows.models import Workflow
from workflows.registry import get_definition

pytestmark = pytest.mark.django_db

SUSPENDED = TaskStatus.SUSPENDED


def deploy(workflow: Workflow, names: str, **aliases: str) -> str:
    """Give a workflow other steps, and return the version of the list."""
    register_code(workflow.name, [make_step(name, lambda: None) for name in names.split()], step_aliases=aliases)
    version = version_of(get_definition(workflow.name))
    save_version(version)
    return version.id


def find(workflow: Workflow) -> list[Affected]:
    definition = get_definition(workflow.name)
    present = PresentSteps(version_of(definition).entries, definition.step_aliases)
    return find_affected({workflow.name: present}, since=NOW)


def stand(workflow: Workflow, version: str, *positions: int, status: TaskStatus = SUSPENDED) -> list[Task]:
    return [make_task(workflow, status=status, steps_version=version, position=position) for position in positions]


@pytest.fixture
def workflow() -> Workflow:
    return make_workflow(name="task_a", has_code=False)


def test_those_at_or_after_an_inserted_step_stop_and_those_before_it_do_not(workflow: Workflow) -> None:
    former = deploy(workflow, "A B C")
    stand(workflow, former, 0, 1, 2, 3, 3)
    deploy(workflow, "A X B C")
    [found] = find(workflow)
    assert (found.stopping, found.mapped, found.standing, found.stopped) == (3, 0, 3, 0)
    assert (found.versions, found.first_position) == ({former}, 2)
    assert (found.workflow_id, found.workflow_name) == (workflow.pk, "task_a")


def test_those_that_an_alias_leads_go_on(workflow: Workflow) -> None:
    former = deploy(workflow, "A B C")
    stand(workflow, former, 2, 3)
    deploy(workflow, "A X B C", B="B")
    [found] = find(workflow)
    assert (found.stopping, found.mapped) == (1, 1)


def test_an_appended_step_concerns_nobody(workflow: Workflow) -> None:
    former = deploy(workflow, "A B")
    stand(workflow, former, 0, 1, 2, 3)
    deploy(workflow, "A B C")
    assert find(workflow) == []


def test_lists_of_long_ago_count_too_and_those_that_nobody_has_written_down(workflow: Workflow) -> None:
    oldest, unknown = deploy(workflow, "A"), "f" * 32
    stand(workflow, oldest, 1)
    stand(workflow, unknown, 1)
    stand(workflow, deploy(workflow, "A B"), 2)
    deploy(workflow, "X A B")
    [found] = find(workflow)
    assert found.stopping == 3
    assert {oldest, unknown} < found.versions


def test_those_that_have_ended_or_not_begun_or_run_by_the_present_list_are_not_counted(workflow: Workflow) -> None:
    former = deploy(workflow, "A B")
    stand(workflow, former, 2, status=TaskStatus.COMPLETED)
    stand(workflow, former, 2, status=TaskStatus.ABORTED)
    make_task(workflow)
    present = deploy(workflow, "X A B")
    stand(workflow, present, 1, 2, 3)
    assert find(workflow) == []
    stand(workflow, former, 2, status=TaskStatus.FAILED)
    assert [each.stopping for each in find(workflow)] == [1]


def test_the_present_list_needs_not_be_written_down(workflow: Workflow) -> None:
    register_code(workflow.name, [make_step("A", lambda: None)])
    stand(workflow, version_of(get_definition(workflow.name)).id, 1)
    assert find(workflow) == []


def test_those_that_have_stopped_since_are_told_apart_from_those_that_had_before(workflow: Workflow) -> None:
    former = deploy(workflow, "A B")
    deploy(workflow, "X A B")
    for finished_at in (NOW, NOW + timedelta(hours=1), NOW - timedelta(hours=1)):
        status = TaskStatus.INCONSISTENT_DATA
        make_task(workflow, status=status, steps_version=former, position=1, finished_at=finished_at)
    [found] = find(workflow)
    assert (found.stopped, found.standing) == (2, 0)


def test_of_very_many_the_first_are_counted_and_it_is_told(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    former = deploy(workflow, "A B")
    stand(workflow, former, 2, 2, 2)
    deploy(workflow, "X A B")
    for most, expected in ((3, (3, True)), (2, (2, False))):
        monkeypatch.setattr(affected, "MAX_COUNTED", most)
        [found] = find(workflow)
        assert (found.stopping, found.is_all) == expected


def test_it_costs_two_statements_however_many_tasks_there_are(workflow: Workflow) -> None:
    former = deploy(workflow, "A B C")
    stand(workflow, former, *([2, 3] * 30))
    deploy(workflow, "A X B C")
    with recorded_statements() as statements:
        find(workflow)
    assert len(statements) == 2, "\n".join(statements)


def test_tasks_of_a_workflow_that_has_no_code_any_more_stop_all(workflow: Workflow) -> None:
    stand(workflow, deploy(workflow, "A B"), 0, 1)
    [found] = find_affected({}, since=NOW)
    assert (found.stopping, found.first_position) == (2, 0)
