"""One explanation through every edge: REST, the command and GraphQL; and who may see what of it."""

import json
import re
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from orchestrator_site.common.graphql.limits import MAX_FIELDS
from schedules.explaining import MEANINGS, CheckName, LedgerRow
from schedules.explanation_docs import EXPLANATION
from schedules.explanation_schema import MAX_EXPLANATIONS
from schedules.models import Schedule
from schedules.processes import ProcessState
from schedules.serializers import FiringSerializer
from tasks.models import Task
from tests.integration.api.support import UNKNOWN_ID, fields_at_fault, make_client, make_user, read_problem
from tests.integration.graphql.support import ask, messages, post
from tests.integration.schedules.explained import MINUTE, deleted, have_scheduler, hourly, nightly, turn
from tests.integration.schedules.explanation_table import CASES, NINE
from tests.integration.schedules.test_scheduler_command import run
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW

pytestmark = pytest.mark.django_db

# All of a request but the clock, and those that are about schedules and tasks.
MOST_STATEMENTS, OWN_STATEMENTS = 13, 11
PAGE = settings.BASE_DIR / "docs" / "explain.md"
QUERY = """
query ($id: UUID!, $at: String) {
  explainSchedule(scheduleId: $id, at: $at) {
    scheduleId scheduleName at tense verdict { code sentence } checks { name result sentence }
    firing { id scheduledFor dueAt outcome reason taskId } task { taskId status sentence } previous next
  }
}
"""


@pytest.fixture
def root(db: None) -> APIClient:
    return make_client(make_user(is_superuser=True))


@pytest.fixture
def fired(db: None) -> Schedule:
    return turn(hourly(name="Nightly <sync>"))


def rest(client: APIClient, schedule: Schedule, **query: str) -> dict[str, Any]:
    answer = client.get(f"/api/schedules/{schedule.pk}/explain", query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


class TestRest:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_answers_what_became_of_the_moment(self, root: APIClient, fired: Schedule, slash: str) -> None:
        answer = root.get(f"/api/schedules/{fired.pk}/explain{slash}", {"at": NINE}).json()
        assert list(answer) == list(EXPLANATION)
        assert (answer["schedule_id"], answer["schedule_name"]) == (str(fired.pk), "Nightly <sync>")
        assert (answer["at"], answer["tense"]) == ("2027-03-01T09:00:00Z", "past")
        assert answer["verdict"]["code"] == "started"
        assert [set(each) for each in answer["checks"]] == [{"name", "result", "sentence"}] * len(CheckName)
        firing = root.get(f"/api/schedules/{fired.pk}/firings").json()["results"][0]
        assert answer["firing"] == firing
        assert answer["task"]["task_id"] == firing["task_id"] == str(Task.objects.get().pk)
        assert (answer["previous"], answer["next"]) == ("2027-03-01T08:00:00Z", "2027-03-01T10:00:00Z")

    def test_a_row_has_what_the_ledger_answers(self) -> None:
        assert list(LedgerRow.__dataclass_fields__) == list(FiringSerializer().fields)

    def test_a_reading_that_the_clocks_skip_is_taken(self, root: APIClient) -> None:
        answer = rest(root, nightly("2027-03-28T01:00:00Z"), at="2027-03-28T02:30")
        assert (answer["at"], answer["next"]) == ("2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z")

    def test_a_deleted_schedule_is_explained_by_its_ledger(self, root: APIClient, fired: Schedule) -> None:
        answer = rest(root, deleted(fired), at=NINE)
        assert (answer["verdict"]["code"], answer["previous"], answer["next"]) == ("started", None, None)

    @pytest.mark.parametrize(
        ("query", "field", "words"),
        [
            ({"at": "soon"}, "at", "give an ISO 8601 moment"),
            ({"when": NINE}, "when", "unknown parameter 'when'; known are at"),
            ({"att": NINE}, "att", "unknown parameter 'att': did you mean 'at'?"),
        ],
        ids=["no moment", "unknown", "misspelt"],
    )
    def test_what_it_cannot_use_is_named(
        self, root: APIClient, fired: Schedule, query: dict[str, str], field: str, words: str
    ) -> None:
        problem = read_problem(root.get(f"/api/schedules/{fired.pk}/explain", query), 400)
        assert fields_at_fault(problem) == [field]
        assert words in problem["errors"][0]["detail"]

    @pytest.mark.parametrize("schedule_id", [UNKNOWN_ID, "nothing"])
    def test_what_never_was_does_not_exist(self, root: APIClient, schedule_id: str) -> None:
        problem = read_problem(root.get(f"/api/schedules/{schedule_id}/explain"), 404)
        assert problem["detail"].startswith("Schedule does not exist")

    def test_firing_and_task_need_their_own_permissions(self, fired: Schedule) -> None:
        view = "schedules.view_schedule"
        for others, shown in (
            ((), (False, False)),
            (("schedules.view_firing",), (True, False)),
            (("tasks.view_task",), (False, True)),
        ):
            client = make_client(make_user(view, *others, username=f"user {others}"))
            answer = rest(client, fired, at=NINE)
            assert answer["verdict"]["code"] == "started"
            assert (answer["firing"] is not None, answer["task"] is not None) == shown

    def test_who_may_view_schedules_is_told_outcome_and_reason_all_the_same(self) -> None:
        case = CASES["run by hand"]
        answer = rest(make_client(make_user("schedules.view_schedule")), case.arrange(), at=str(case.at))
        assert (answer["firing"], answer["verdict"]["code"]) == (None, "started")
        assert "run by ada: to try it" in answer["verdict"]["sentence"]

    @pytest.mark.parametrize("name", CASES)
    def test_it_takes_few_statements(self, root: APIClient, name: str) -> None:
        case = CASES[name]
        schedule = case.arrange()
        have_scheduler(case.scheduler, now=case.now)
        clock = mock.patch("schedules.explanation_views.database_now", return_value=case.now)
        with clock, recorded_statements() as statements:
            rest(root, schedule, **({} if case.at is None else {"at": case.at}))
        own = [each for each in statements if '"schedules_' in each or '"tasks_' in each]
        assert len(own) <= OWN_STATEMENTS, "\n".join(own)
        assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)


class TestTheCommand:
    def test_json_is_what_the_rest_api_answers(self, root: APIClient, fired: Schedule) -> None:
        answer = run("explain", str(fired.pk), "--at", NINE, "--json")
        assert (answer.code, answer.stderr) == (0, "")
        assert json.loads(answer.stdout) == rest(root, fired, at=NINE)

    def test_it_prints_the_verdict_the_task_the_checks_and_what_lies_beside(self, fired: Schedule) -> None:
        lines = run("explain", str(fired.pk), "--at", NINE).stdout.splitlines()
        assert lines[0] == "Nightly <sync> at 2027-03-01 09:00:00Z: started"
        assert lines[1].startswith("A task was started for it at 2027-03-01 09:00:00Z")
        assert lines[2].startswith("The task is created on the queue: ")
        rows = [line for line in lines if line.startswith("│")]
        assert [line.split("│")[1].strip() for line in rows] == list(CheckName)
        assert lines[-2:] == ["Previous: 2027-03-01 08:00:00Z", "Next: 2027-03-01 10:00:00Z"]

    @pytest.mark.parametrize("schedule_id", [UNKNOWN_ID, "nothing"])
    def test_what_never_was_is_not_found(self, schedule_id: str) -> None:
        answer = run("explain", schedule_id)
        assert (answer.code, answer.stderr.strip()) == (1, f"Schedule '{schedule_id}' not found.")

    def test_what_is_no_moment_is_refused(self, fired: Schedule) -> None:
        answer = run("explain", str(fired.pk), "--at", "soon")
        assert answer.code == 2
        assert answer.stderr.startswith("--at: 'at' is 'soon'; give an ISO 8601 moment")


class TestGraphql:
    def test_it_answers_what_the_rest_api_does(self, root: APIClient, fired: Schedule) -> None:
        found = ask(root, QUERY, id=str(fired.pk), at=NINE)["explainSchedule"]
        expected = rest(root, fired, at=NINE)
        assert (found["verdict"], found["checks"]) == (expected["verdict"], expected["checks"])
        assert found["firing"]["id"] == expected["firing"]["firing_id"]
        assert found["firing"]["outcome"] == "started"
        assert found["task"]["taskId"] == expected["task"]["task_id"]
        assert found["next"] == "2027-03-01T10:00:00+00:00"

    def test_it_needs_the_permission_to_view_schedules(self, fired: Schedule) -> None:
        answer = post(make_client(make_user("tasks.view_task")), QUERY, variables={"id": str(fired.pk), "at": NINE})
        assert messages(answer) == ["ada needs the permission 'schedules.view_schedule' for 'explainSchedule'"]

    def test_firing_and_task_need_their_own_permissions(self, fired: Schedule) -> None:
        found = ask(make_client(make_user("schedules.view_schedule")), QUERY, id=str(fired.pk), at=NINE)
        assert found["explainSchedule"]["verdict"]["code"] == "started"
        assert (found["explainSchedule"]["firing"], found["explainSchedule"]["task"]) == (None, None)

    def test_what_is_wrong_is_told(self, root: APIClient, fired: Schedule) -> None:
        assert messages(post(root, QUERY, variables={"id": UNKNOWN_ID})) == ["Schedule does not exist"]
        [message] = messages(post(root, QUERY, variables={"id": str(fired.pk), "at": "soon"}))
        assert message.startswith("'at' is 'soon'")

    def test_a_query_has_some_at_most(self, root: APIClient, fired: Schedule) -> None:
        assert MAX_EXPLANATIONS < MAX_FIELDS
        each = f'explainSchedule(scheduleId: "{fired.pk}") {{ tense }}'
        query = "{ " + " ".join(f"e{number}: {each}" for number in range(MAX_EXPLANATIONS + 1)) + " }"
        answer = post(root, query)
        assert [value is None for value in answer["data"].values()] == [False] * MAX_EXPLANATIONS + [True]
        assert "explanations at most" in messages(answer)[0]


class TestTheDocs:
    def test_the_page_lists_every_verdict_and_no_other(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text().partition("## Verdicts")[2], re.MULTILINE)
        assert rows == [(code.value, meaning) for code, meaning in MEANINGS.items()]

    def test_the_page_names_the_checks_in_their_order(self) -> None:
        section = PAGE.read_text().partition("## Checks")[2].partition("## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(CheckName)

    def test_the_documented_answer_is_the_one_that_is_given(self, root: APIClient) -> None:
        [shown] = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
        schedule = hourly(name="Nightly sync", next_run_at=NOW + HOUR, planned_through=NOW)
        have_scheduler(ProcessState.ALIVE, now=NOW + 5 * MINUTE)
        with mock.patch("schedules.explanation_views.database_now", return_value=NOW + 5 * MINUTE):
            answer = rest(root, schedule, at="2027-03-01T10:30")
        assert json.loads(shown) == {**answer, "schedule_id": json.loads(shown)["schedule_id"]}
