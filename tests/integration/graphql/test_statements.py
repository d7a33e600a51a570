"""What a query costs the database: statements, columns, joins, and the indexes that serve it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from orchestrator_site.common.graphql.execution import answer_query
from orchestrator_site.common.graphql.lists import GraphqlContext
from orchestrator_site.schema import schema
from schedules.models import Schedule, ScheduleWorkflow
from schedules.selectors import list_schedules
from tasks.models import TaskStatus
from tests.integration.api.support import make_user, store_firing
from tests.integration.graphql.support import LIST, PAGE_INFO, ROOTS, every_field
from tests.support.database import recorded_statements
from tests.support.factories import make_schedule, make_task, make_task_step, make_workflow
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

# The rows and the total; for tasks, their steps too.
WIDEST = {"scheduledTasks": 2, "firings": 2, "workflows": 2, "tasks": 3}
# These ask for the time as well, on a database that has a clock of its own.
TIMED = {"scheduledTasks", "tasks"}


def statements_of(query: str, **variables: Any) -> list[str]:
    """Return the statements that a query needs once the user is known."""
    context = GraphqlContext(user=make_user(is_superuser=True))
    with recorded_statements() as statements:
        answer = answer_query(schema, query, variables=variables, operation_name=None, context=context)
    assert "errors" not in answer.body, answer.body
    return statements


def store(root: str, count: int) -> None:
    Workflow.objects.all().delete()
    workflow = make_workflow()
    for number in range(count - 1 if root == "workflows" else 0):
        make_workflow(name=f"w{number}")
    for number in range(count):
        if root == "scheduledTasks":
            make_schedule(workflow, name=f"n{number}")
        elif root == "tasks":
            make_task_step(make_task(workflow, status=TaskStatus.SUSPENDED))
        elif root == "firings" and number == 0:
            schedule = make_schedule(workflow)
    if root == "firings":
        for _ in range(count):
            store_firing(schedule, cause="manual")


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("root", ROOTS)
def test_the_widest_query_costs_as_much_for_fifty_rows_as_for_one(root: str, count: int) -> None:
    store(root, count)
    statements = statements_of(LIST % (root, every_field(root), PAGE_INFO), first=100)
    asks_the_time = root in TIMED and connection.vendor == "postgresql"
    assert len(statements) == WIDEST[root] + asks_the_time, "\n".join(statements)


@pytest.mark.parametrize(
    ("query", "expected", "absent"),
    [
        ("{ scheduledTasks { page { name } } }", 1, ['"workflows_workflow"', '"inputs"', "COUNT("]),
        ("{ scheduledTasks { page { workflowId } } }", 1, ['"workflows_workflow"']),
        ("{ scheduledTasks { page { summary } } }", 1, ['"inputs"', '"planned_through"', '"workflows_workflow"']),
        ("{ scheduledTasks { page { name } } }", 1, ['"trigger_kwargs"', '"grid_start_at"', '"spread_seconds"']),
        ("{ scheduledTasks { pageInfo { totalItems } } }", 1, ['"inputs"', "LIMIT", "ORDER BY"]),
        ("{ scheduledTasks { pageInfo { hasNextPage endCursor } page { id } } }", 1, ["COUNT("]),
        ("{ scheduledTasks { pageInfo { sortFields filterFields hasPreviousPage } } }", 0, []),
        ("{ scheduledTasks { a: page { id } b: page { name } pageInfo { totalItems } } }", 2, []),
        ('{ scheduledTasks(filterBy: [{field: "state", value: "zzz"}]) { page { id } } }', 0, []),
        ("{ tasks { page { id status } } }", 1, ['"tasks_taskstep"', '"workflows_workflow"', '"inputs"']),
        ("{ tasks { page { workflowName } } }", 1, ['"tasks_taskstep"']),
        ("{ tasks { page { retryAt } } }", 1, ['"workflows_workflow"', '"position"', "clock_timestamp"]),
        ("{ tasks { page { revision stepsVersion } } }", 1, ['"available_at"', "clock_timestamp"]),
        ("{ tasks { page { steps { name } } } }", 2, ['"state"', '"error"', '"workflows_workflow"']),
        ("{ tasks { page { id steps @include(if: false) { name } } } }", 1, ['"tasks_taskstep"']),
        ("{ tasks { page { ...f } } } fragment f on Task { steps { state } }", 2, ['"error"']),
        ("{ firings { page { id } } }", 1, ['"reason"', "JOIN"]),
    ],
)
def test_nothing_is_read_that_was_not_asked_for(query: str, expected: int, absent: list[str]) -> None:
    make_task_step(make_task())
    make_schedule()
    statements = statements_of(query)
    assert len(statements) == expected, "\n".join(statements)
    for part in absent:
        assert part not in "\n".join(statements)


@pytest.fixture
def many_schedules(db: None) -> Iterator[None]:
    """Store enough schedules for the planner to care, and tell it about them."""
    model = make_schedule(make_workflow(), name="the first")
    fields = [field.attname for field in Schedule._meta.concrete_fields if field.name not in {"id", "name"}]
    values = {name: getattr(model, name) for name in fields}
    schedules = [Schedule(**values, name=f"n{number:05}") for number in range(5_000)]
    Schedule.objects.bulk_create(schedules)
    ScheduleWorkflow.objects.bulk_create(ScheduleWorkflow(schedule=each, workflow=model.workflow) for each in schedules)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        yield
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_stat1")


def plan_of(statements: list[str]) -> str:
    """Return how the database would run the only statement."""
    [statement] = statements
    prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {statement}")
        return "\n".join(str(row) for row in cursor.fetchall())


def sorts(plan: str) -> bool:
    """Tell whether rows are sorted which an index could have given in order."""
    return "Sort" in plan or "USE TEMP B-TREE" in plan


@pytest.mark.usefixtures("many_schedules")
class TestPlans:
    def test_the_page_by_name_is_read_from_its_index(self) -> None:
        plan = plan_of(statements_of("{ scheduledTasks { page { id name workflowName nextRunTime trigger } } }"))
        assert "schedule_by_name" in plan, plan
        assert not sorts(plan), plan

    @pytest.mark.parametrize("order", ["ASC", "DESC"])
    @pytest.mark.parametrize(("field", "index"), [("name", "schedule_by_name"), ("nextRunTime", "schedule_due")])
    def test_so_are_the_pages_sorted_by_name_and_by_next_run(self, field: str, index: str, order: str) -> None:
        arguments = f'sortBy: [{{field: "{field}", order: {order}}}]'
        plan = plan_of(statements_of(f"{{ scheduledTasks({arguments}) {{ page {{ id name workflowName }} }} }}"))
        assert index in plan, plan
        assert not sorts(plan), plan

    def test_the_list_of_the_rest_api_too(self) -> None:
        with recorded_statements() as statements:
            list(list_schedules()[:100])
        plan = plan_of(statements)
        assert "schedule_by_name" in plan, plan
        assert not sorts(plan), plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compares bytes by itself")
def test_names_have_the_order_of_bytes_whatever_the_database_s_own_is() -> None:
    columns = {("workflows_workflow", "name"), ("schedules_schedule", "name"), ("schedules_firing", "schedule_name")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE collation_name = 'C' AND table_schema = 'public'"
        )
        assert columns <= set(cursor.fetchall())
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'schedule_by_name'::regclass"
        )
        [[definition]] = cursor.fetchall()
        assert "COLLATE" not in definition  # so it has the column's own order


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compares bytes by itself")
@pytest.mark.parametrize(("field", "is_told"), [("createdBy", True), ("trigger", True), ("name", False)])
def test_other_text_is_told_that_order_when_it_is_sorted(field: str, *, is_told: bool) -> None:
    query = f'{{ scheduledTasks(sortBy: [{{field: "{field}"}}]) {{ page {{ id }} }} }}'
    assert ('COLLATE "C" ASC' in statements_of(query)[0]) is is_told
