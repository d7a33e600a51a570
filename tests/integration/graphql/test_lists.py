"""`tasks`, `firings` and `workflows`: the same pages, filters and order as `scheduledTasks`."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Firing
from tasks.models import StepStatus, Task, TaskStatus
from tests.integration.api.support import store_firing, store_schedule
from tests.integration.graphql.support import ROOTS, ask, ask_list, every_field, ids, messages, post
from tests.support.factories import HOUR, NOW, SECOND, make_task, make_task_step, make_workflow
from tests.support.stopped_tasks import make_awaiting_task, make_suspended_task, make_waiting_task
from workflows.engine import Target, step
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


def found(client: APIClient, root: str, *filters: tuple[str, str]) -> list[str]:
    by = [{"field": field, "value": value} for field, value in filters]
    return sorted(ids(ask_list(client, root, first=1000, filterBy=by)["page"]))


def store_rows() -> dict[str, list[Any]]:
    """Store two rows for every list that differ in nearly everything."""
    wide = make_workflow(name="task_wide", description="Says more")
    other = make_workflow(name="validate_port", target=Target.VALIDATE)
    schedule, second = store_schedule(wide), store_schedule(wide, name="Weekly")
    tasks = [
        make_task(wide, status=TaskStatus.FAILED, schedule_id=schedule.pk, scheduled_for=NOW, failed_reason="No route"),
        make_task(other, now=NOW + HOUR, reporter="ada", abort_requested_at=NOW, version=7),
    ]
    firings = [
        store_firing(schedule, scheduled_for=NOW, decided_at=NOW + SECOND, task_id=tasks[0].pk),
        store_firing(
            second,
            scheduled_for=NOW - HOUR,
            last_scheduled_for=NOW,
            count=101,
            lateness_ms=2**40,
            cause="catchup",
            outcome="missed",
            reason="nobody was there",
        ),
    ]
    return {"tasks": tasks, "firings": firings, "workflows": [wide, other], "scheduledTasks": [schedule, second]}


@pytest.mark.parametrize("root", ROOTS)
class TestEveryList:
    def test_every_key_finds_what_is_shown_of_it(self, client: APIClient, root: str) -> None:
        store_rows()
        answer = ask_list(client, root, every_field(root), first=100)
        for key in answer["pageInfo"]["filterFields"]:
            for row in answer["page"]:
                text = str(row[key]).lower() if isinstance(row[key], bool) else str(row[key])
                if row[key] is not None and text:
                    same = [each for each in answer["page"] if text.lower() in str(each[key]).lower()]
                    assert found(client, root, (key, text.upper())) == sorted(ids(same)), key

    def test_every_key_sorts_both_ways(self, client: APIClient, root: str) -> None:
        store_rows()
        keys = ask_list(client, root)["pageInfo"]["sortFields"]
        for key in keys:
            both = [
                [
                    row[key]
                    for row in ask_list(client, root, key, first=100, sortBy=[{"field": key, "order": order}])["page"]
                ]
                for order in ("ASC", "DESC")
            ]
            assert both[0] == sorted(both[0], key=lambda value: (value is None, value)), key
            assert both[1] == both[0][::-1], key

    def test_pages_and_totals(self, client: APIClient, root: str) -> None:
        store_rows()
        total = ask_list(client, root)["pageInfo"]["totalItems"]
        assert total >= 2
        pages = [ask_list(client, root, first=1, after=after) for after in range(total)]
        assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True] * (total - 1) + [False]
        everything = ids(ask_list(client, root, first=1000)["page"])
        assert [ids(page["page"])[0] for page in pages] == everything

    def test_an_unknown_key_gives_an_error_and_keeps_the_data(self, client: APIClient, root: str) -> None:
        answer = post(client, f'{{ {root}(filterBy: [{{field: "idd", value: "1"}}]) {{ page {{ id }} }} }}')
        assert messages(answer)[0].startswith("Invalid filter arguments (invalid_filters=['idd'] valid_filter_keys=[")
        assert answer["data"] == {root: {"page": []}}


class TestTasks:
    def test_they_come_newest_first_with_their_steps_in_order(self, client: APIClient) -> None:
        workflow = make_workflow(name="task_of_two_steps")
        older = make_task(workflow, status=TaskStatus.COMPLETED)
        newer = make_task(workflow)
        make_task_step(older, state={"a": 1})
        error = {"class": "ValueError", "message": "no", "traceback": "…"}
        make_task_step(older, position=1, name="Sync", status=StepStatus.FAILED, error=error)
        fields = "id status workflowName steps { name status attempt startedAt completedAt state error }"
        rows = ask_list(client, "tasks", fields)["page"]
        assert ids(rows) == ids([newer, older])
        assert rows[0]["steps"] == []
        times = {"startedAt": "2027-03-01T09:00:00+00:00", "completedAt": "2027-03-01T09:00:01+00:00", "attempt": 1}
        assert rows[1] == {
            "id": str(older.pk),
            "status": "completed",
            "workflowName": "task_of_two_steps",
            "steps": [
                {"name": "Start", "status": "success", "state": {"a": 1}, "error": None, **times},
                {"name": "Sync", "status": "failed", "state": {}, "error": error, **times},
            ],
        }

    def test_where_they_stand_is_said_as_over_rest(self, client: APIClient) -> None:
        tasks = [make_suspended_task(), make_awaiting_task(timeout_seconds=90)[0], make_waiting_task(), make_task()]
        make_task(make_workflow(has_code=False), status=TaskStatus.RUNNING)
        current = "currentStep { name position startedAt timeoutSeconds isOverdue }"
        rows = ask_list(client, "tasks", f"id revision stepsVersion retryAt {current}")["page"]
        names = {each["id"]: each["currentStep"] and each["currentStep"]["name"] for each in rows}
        assert [names[str(task.pk)] for task in tasks] == ["Approve", "Order: Await callback", "Call", None]
        rest = {each["task_id"]: each for each in client.get("/api/tasks").json()["results"]}
        for row in rows:
            same = rest[row["id"]]
            assert (row["revision"], row["stepsVersion"]) == (same["revision"], same["steps_version"])
            assert (row["retryAt"] or "").replace("+00:00", "Z") == (same["retry_at"] or "")
            step = row["currentStep"]
            assert (step and list(step.values())) == (same["current_step"] and list(same["current_step"].values()))

    def test_a_step_that_takes_too_long_is_overdue(self, client: APIClient) -> None:
        slow = step("Slow", timeout_seconds=60)(lambda: None)
        begun_at = database_now() - timedelta(seconds=90)
        make_task(make_workflow(slow), status=TaskStatus.RUNNING, position=1, step_started_at=begun_at)
        [row] = ask_list(client, "tasks", "currentStep { startedAt isOverdue }")["page"]
        assert row["currentStep"] == {"startedAt": begun_at.isoformat(), "isOverdue": True}

    def test_what_is_computed_is_no_key(self, client: APIClient) -> None:
        info = ask_list(client, "tasks")["pageInfo"]
        assert {"revision", "stepsVersion"} <= set(info["filterFields"]) == set(info["sortFields"])
        assert not {"retryAt", "currentStep", "availableAt"} & set(info["filterFields"])

    def test_steps_can_be_asked_for_alone(self, client: APIClient) -> None:
        make_task_step(make_task())
        data = ask(client, "{ tasks { page { steps { __typename } } } }")
        assert data == {"tasks": {"page": [{"steps": [{"__typename": "TaskStep"}]}]}}

    def test_they_are_found_by_schedule_status_and_workflow(self, client: APIClient) -> None:
        by_schedule, other = store_rows()["tasks"]
        assert found(client, "tasks", ("scheduleId", str(by_schedule.schedule_id))) == ids([by_schedule])
        assert found(client, "tasks", ("scheduleId", str(by_schedule.schedule_id)[:13].upper())) == ids([by_schedule])
        assert found(client, "tasks", ("status", "FAIL")) == ids([by_schedule])
        assert found(client, "tasks", ("status", "e")) == sorted(ids([by_schedule, other]))
        assert found(client, "tasks", ("workflowName", "VALIDATE")) == ids([other])
        assert found(client, "tasks", ("status", "no such status")) == []


class TestFirings:
    def test_the_ledger_comes_newest_first_and_takes_long_delays(self, client: APIClient) -> None:
        first, second = store_rows()["firings"]
        rows = ask_list(client, "firings", "id latenessMs count taskId scheduleName outcome")["page"]
        assert ids(rows) == ids([second, first])
        assert rows[0] == {
            "id": str(second.pk),
            "latenessMs": 2**40,
            "count": 101,
            "taskId": None,
            "scheduleName": "Weekly",
            "outcome": "missed",
        }

    def test_they_are_found_by_outcome_and_cause(self, client: APIClient) -> None:
        first, second = store_rows()["firings"]
        assert found(client, "firings", ("outcome", "start")) == ids([first])
        assert found(client, "firings", ("cause", "catch")) == ids([second])
        assert found(client, "firings", ("scheduleName", "week")) == ids([second])

    def test_schedule_names_are_sorted_by_code_point(self, client: APIClient) -> None:
        schedule = store_schedule()
        for name in ("b", "B", "a"):
            Firing.objects.filter(pk=store_firing(schedule, cause="manual").pk).update(schedule_name=name)
        rows = ask_list(client, "firings", "scheduleName", sortBy=[{"field": "scheduleName"}])["page"]
        assert [row["scheduleName"] for row in rows] == ["B", "a", "b"]


class TestWorkflows:
    def test_they_come_by_name_without_those_that_were_deleted(self, client: APIClient) -> None:
        Workflow.objects.all().delete()
        for name in ("b", "B", "a"):
            make_workflow(name=name)
        make_workflow(name="gone", deleted_at=NOW)
        rows = ask_list(client, "workflows", "name isTask target")["page"]
        assert [row["name"] for row in rows] == ["B", "a", "b"]
        assert rows[0] == {"name": "B", "isTask": True, "target": "SYSTEM"}

    def test_a_flag_is_found_by_its_word(self, client: APIClient) -> None:
        wide, other = store_rows()["workflows"]
        assert found(client, "workflows", ("isTask", "FALSE")) == ids([other])
        assert str(wide.pk) in found(client, "workflows", ("isTask", "true"))
        assert Task.objects.count() == 2
