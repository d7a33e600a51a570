"""`scheduledTasks`: paging, filters and order, by the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.models import Schedule
from schedules.services import ScheduleChanges, update_schedule
from tests.integration.api.support import store_schedule
from tests.integration.graphql.support import ask, ask_list, ids, messages, post
from tests.support.factories import HOUR, NOW, make_paused_schedule, make_schedule, make_workflow
from workflows.models import Workflow

pytestmark = pytest.mark.django_db

FAR = NOW + timedelta(days=36_500)
PAUSE = "state stateSince pausedAt pausedBy pauseReason pausedUntil"
KEYS = [
    "id",
    "name",
    "workflowId",
    "workflowName",
    "nextRunTime",
    "trigger",
    "triggerKind",
    "timezone",
    "dstGap",
    "dstFold",
    "onMissingDay",
    "spreadSeconds",
    "state",
    "stateReason",
    "stateSince",
    "pausedAt",
    "pausedBy",
    "pauseReason",
    "pausedUntil",
    "misfirePolicy",
    "misfireWindowSeconds",
    "maxCatchupRuns",
    "overlapPolicy",
    "concurrencyKey",
    "resumePolicy",
    "pauseAfterFailures",
    "version",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
]


def named(*names: str, workflow: Workflow | None = None, **fields: Any) -> list[Schedule]:
    workflow = workflow or make_workflow()
    return [make_schedule(workflow, name=name, **fields) for name in names]


def names_of(answer: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer["page"]]


def filtered(client: APIClient, *filters: tuple[str, str]) -> list[str]:
    """Return the names of those that match, sorted."""
    answer = ask_list(
        client,
        "scheduledTasks",
        "name",
        first=100,
        filterBy=[{"field": field, "value": value} for field, value in filters],
    )
    assert answer["pageInfo"]["totalItems"] == len(answer["page"])
    return sorted(names_of(answer))


def sorted_by(client: APIClient, *keys: tuple[str, str], field: str = "name") -> list[Any]:
    answer = ask_list(
        client, "scheduledTasks", field, first=100, sortBy=[{"field": key, "order": order} for key, order in keys]
    )
    return [row[field] for row in answer["page"]]


class TestRows:
    def test_a_row_shows_the_schedule_as_the_lists_of_people_do(self, client: APIClient) -> None:
        workflow = make_workflow(name="task_sync_all")
        schedule = store_schedule(workflow, name="Nightly", trigger_kwargs={"hours": 1}, inputs={"node": "nl-1"})
        [row] = ask_list(
            client,
            "scheduledTasks",
            "id name workflowId workflowName trigger triggerKind triggerKwargs inputs timezone state version createdBy",
        )["page"]
        assert row == {
            "id": str(schedule.pk),
            "name": "Nightly",
            "workflowId": str(workflow.pk),
            "workflowName": "task_sync_all",
            "trigger": "interval[1:00:00]",
            "triggerKind": "interval",
            "triggerKwargs": {"hours": 1},
            "inputs": {"node": "nl-1"},
            "timezone": "UTC",
            "state": "active",
            "version": 1,
            "createdBy": "a test",
        }

    def test_the_next_run_is_in_utc_and_null_when_there_is_none(self, client: APIClient) -> None:
        named("ended", next_run_at=None)
        named("next", next_run_at=NOW, timezone="Asia/Tokyo")
        rows = ask_list(client, "scheduledTasks", "name nextRunTime")["page"]
        assert rows == [
            {"name": "ended", "nextRunTime": None},
            {"name": "next", "nextRunTime": "2027-03-01T09:00:00+00:00"},
        ]

    def test_a_changed_trigger_is_shown_in_full(self, client: APIClient) -> None:
        schedule = store_schedule()
        changes = ScheduleChanges(trigger="cron", trigger_kwargs={"hour": 0, "minute": 10})
        update_schedule(schedule_id=schedule.pk, changes=changes, actor="a test")
        assert [row["trigger"] for row in ask_list(client, "scheduledTasks", "trigger")["page"]] == [
            "cron[hour='0', minute='10']"
        ]
        assert filtered(client, ("trigger", "minute='10'")) == ["Nightly"]

    def test_a_changed_zone_changes_how_a_date_is_shown(self, client: APIClient) -> None:
        schedule = store_schedule(trigger="date", trigger_kwargs={"run_date": "2127-03-01T09:00:00+00:00"})
        update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(timezone="Asia/Tokyo"), actor="a test")
        [row] = ask_list(client, "scheduledTasks", "trigger")["page"]
        assert row["trigger"] == "date[2127-03-01 18:00:00 JST]"

    def test_a_paused_one_says_by_whom_since_when_why_and_until_when(self, client: APIClient) -> None:
        make_paused_schedule(until=FAR)
        [row] = ask_list(client, "scheduledTasks", PAUSE)["page"]
        assert row == {
            "state": "paused",
            "stateSince": NOW.isoformat(),
            "pausedAt": NOW.isoformat(),
            "pausedBy": "ada",
            "pauseReason": "Maintenance",
            "pausedUntil": FAR.isoformat(),
        }

    def test_one_whose_pause_is_over_is_shown_and_found_as_active(self, client: APIClient) -> None:
        over = database_now() - timedelta(milliseconds=1)
        make_paused_schedule(name="Over", until=over)
        make_paused_schedule(name="Held")
        rows = ask_list(client, "scheduledTasks", f"name {PAUSE}")["page"]
        assert rows[1] == {
            "name": "Over",
            "state": "active",
            "stateSince": over.isoformat(),
            "pausedAt": None,
            "pausedBy": "",
            "pauseReason": "",
            "pausedUntil": None,
        }
        assert filtered(client, ("state", "active")) == ["Over"]
        assert filtered(client, ("state", "paused")) == ["Held"]
        assert filtered(client, ("pausedBy", "ada")) == ["Held"]
        assert filtered(client, ("pausedAt", "2027")) == ["Held"]
        assert filtered(client, ("stateSince", over.isoformat())) == ["Over"]

    def test_a_schedule_without_a_link_is_not_shown(self, client: APIClient) -> None:
        unlinked, linked = named("unlinked", "linked")
        unlinked.link.delete()
        answer = ask_list(client, "scheduledTasks")
        assert ids(answer["page"]) == [str(linked.pk)]
        assert answer["pageInfo"]["totalItems"] == 1


class TestPages:
    def test_after_skips_rows_and_the_cursors_say_where_the_page_lies(self, client: APIClient) -> None:
        named(*(f"n{number}" for number in range(5)))
        pages = [ask_list(client, "scheduledTasks", "name", first=2, after=after) for after in (0, 2, 4)]
        assert [names_of(page) for page in pages] == [["n0", "n1"], ["n2", "n3"], ["n4"]]
        places = [
            [page["pageInfo"][key] for key in ("hasPreviousPage", "hasNextPage", "startCursor", "endCursor")]
            for page in pages
        ]
        assert places == [[False, True, 0, 1], [True, True, 2, 3], [True, False, 4, 4]]
        assert {page["pageInfo"]["totalItems"] for page in pages} == {5}

    @pytest.mark.parametrize("after", [0, 7])
    def test_an_empty_page_has_no_cursors(self, client: APIClient, after: int) -> None:
        named(*(["n"] if after else []))
        answer = ask_list(client, "scheduledTasks", after=after)
        assert answer["page"] == []
        info = answer["pageInfo"]
        assert (info["startCursor"], info["endCursor"], info["hasNextPage"]) == (None, -1, False)
        assert info["hasPreviousPage"] is (after > 0)

    def test_ten_rows_are_on_a_page_unless_asked_otherwise(self, client: APIClient) -> None:
        named(*(f"n{number:02}" for number in range(12)))
        for arguments in ({}, {"first": None, "after": None, "filterBy": None, "sortBy": None}):
            answer = ask_list(client, "scheduledTasks", "name", **arguments)
            assert names_of(answer) == [f"n{number:02}" for number in range(10)]
        assert len(ask_list(client, "scheduledTasks", first=1000)["page"]) == 12

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("first: 0", "'first' is a number from 1 to 1000, not 0"),
            ("first: -1", "'first' is a number from 1 to 1000, not -1"),
            ("first: 1001", "'first' is a number from 1 to 1000, not 1001"),
            ("after: -1", "'after' is the number of rows to skip, 0 or more, not -1"),
        ],
    )
    def test_a_page_that_cannot_be_is_an_error(self, client: APIClient, arguments: str, message: str) -> None:
        answer = post(client, f"{{ scheduledTasks({arguments}) {{ page {{ id }} }} }}")
        assert answer["data"] == {"scheduledTasks": None}
        assert messages(answer) == [message]

    def test_the_keys_for_filters_and_order_are_told(self, client: APIClient) -> None:
        info = ask_list(client, "scheduledTasks")["pageInfo"]
        assert info["filterFields"] == info["sortFields"] == KEYS

    def test_one_query_may_hold_several_lists_and_aliases(self, client: APIClient) -> None:
        named("a", "b")
        data = ask(
            client,
            """
            query ($totals: Boolean = false) {
              one: scheduledTasks(first: 1) { page { title: name ...more } again: page { id } }
              two: scheduledTasks(after: 1) {
                ... on ScheduledTaskConnection { page { name __typename } }
                pageInfo { endCursor totalItems @include(if: $totals) }
              }
            }
            fragment more on ScheduledTask { trigger state @skip(if: true) }
            """,
        )
        [row] = data["one"]["page"]
        assert (row["title"], set(row)) == ("a", {"title", "trigger"})
        assert len(data["one"]["again"]) == 1
        assert data["two"] == {"page": [{"name": "b", "__typename": "ScheduledTask"}], "pageInfo": {"endCursor": 1}}


class TestFilters:
    def test_a_part_of_the_name_in_any_case_is_enough(self, client: APIClient) -> None:
        named("Nightly Sync", "nightly", "Weekly")
        assert filtered(client, ("name", "NIGHT")) == ["Nightly Sync", "nightly"]
        assert filtered(client, ("name", "y s")) == ["Nightly Sync"]
        assert filtered(client, ("name", "zzz")) == []

    def test_letters_of_every_alphabet_have_case(self, client: APIClient) -> None:
        named("GÉANT core", "géant edge", "Ελλάδα", "geant")
        assert filtered(client, ("name", "géANT")) == ["GÉANT core", "géant edge"]
        assert filtered(client, ("name", "ΛΛΆ")) == ["Ελλάδα"]

    @pytest.mark.parametrize("mark", [*"%_\\.*'\"[^$(|?+", "--", "\n"])
    def test_a_mark_stands_for_itself(self, client: APIClient, mark: str) -> None:
        named(f"with{mark}mark", "without")
        assert filtered(client, ("name", f"H{mark}M")) == [f"with{mark}mark"]

    def test_a_row_matches_when_any_filter_does(self, client: APIClient) -> None:
        named("a", "b", "c", "d")
        assert filtered(client, ("name", "a"), ("name", "c"), ("timezone", "nowhere")) == ["a", "c"]

    @pytest.mark.parametrize("key", KEYS)
    def test_every_key_finds_what_is_shown_of_it_and_nothing_else(self, client: APIClient, key: str) -> None:
        store_distinct()
        rows = [row for row in ask_list(client, "scheduledTasks", f"name {key}")["page"] if row[key] is not None]
        for row in rows:
            same = sorted(each["name"] for each in rows if str(row[key]).lower() in str(each[key]).lower())
            for text in (str(row[key]), str(row[key]).upper()):
                assert filtered(client, (key, text)) == same, text
        assert any(row[key] != rows[0][key] for row in rows), "the filter has something to tell apart"
        assert filtered(client, (key, "no such thing")) == []

    @pytest.mark.parametrize("key", ["id", "workflowId"])
    def test_parts_of_an_id_have_its_dashes(self, client: APIClient, key: str) -> None:
        first, *_ = store_distinct()
        shown = str(first.pk if key == "id" else first.workflow.pk)
        assert filtered(client, (key, shown[15:30])) == ["First"]
        assert filtered(client, (key, shown[15:30].upper())) == ["First"]
        assert filtered(client, (key, shown.replace("-", ""))) == []
        other_spelling = "{{" + shown.replace("-", "") + "}}"
        assert len(other_spelling) == len(shown)
        assert filtered(client, (key, other_spelling)) == []

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ("2027-03-01T09", ["First"]),
            ("T09:00:00+00:00", ["First"]),
            ("11:30:00.250000+", ["Second"]),
            ("2027-03", ["First", "Second"]),
            ("2027-03-01 09", []),
        ],
    )
    def test_parts_of_a_time_are_those_of_iso_8601(self, client: APIClient, value: str, found: list[str]) -> None:
        store_distinct()
        assert filtered(client, ("nextRunTime", value)) == found

    def test_what_has_no_next_run_matches_no_part_of_one(self, client: APIClient) -> None:
        named("ended", next_run_at=None)
        assert filtered(client, ("nextRunTime", "2")) == filtered(client, ("nextRunTime", "null")) == []

    def test_both_ways_to_write_a_key_work(self, client: APIClient) -> None:
        workflow = make_workflow()
        named("one", workflow=workflow)
        named("other")
        assert filtered(client, ("workflowName", workflow.name)) == ["one"]
        assert filtered(client, ("workflow_name", workflow.name)) == ["one"]

    def test_an_unknown_key_gives_an_error_and_an_empty_page(self, client: APIClient) -> None:
        named("a")
        answer = post(
            client,
            """{ scheduledTasks(filterBy: [{field: "idd", value: "1"}, {field: "name", value: "a"}]) {
                 page { id } pageInfo { startCursor endCursor totalItems hasNextPage } } }""",
        )
        assert messages(answer) == [f"Invalid filter arguments (invalid_filters=['idd'] valid_filter_keys={KEYS})"]
        assert answer["errors"][0]["path"] == ["scheduledTasks"]
        assert answer["data"]["scheduledTasks"] == {
            "page": [],
            "pageInfo": {"startCursor": None, "endCursor": -1, "totalItems": 0, "hasNextPage": False},
        }

    @pytest.mark.parametrize("field", ["triggerKwargs", "inputs", "Name", "link__workflow", "", "pk"])
    def test_only_the_keys_that_are_told_are_keys(self, client: APIClient, field: str) -> None:
        query = "query ($field: String!) {{ scheduledTasks({}: [{{field: $field{}}}]) {{ page {{ id }} }} }}"
        for argument, rest in (("filterBy", ', value: "1"'), ("sortBy", "")):
            answer = post(client, query.format(argument, rest), variables={"field": field})
            assert f"=['{field}']" in messages(answer)[0]

    @pytest.mark.parametrize("value", ["nul \0 nul", "x" * 1001])
    def test_a_value_that_cannot_be_is_an_error(self, client: APIClient, value: str) -> None:
        query = 'query ($value: String!) { scheduledTasks(filterBy: [{field: "name", value: $value}]) { page { id } } }'
        answer = post(client, query, variables={"value": value})
        assert "1000 characters, and no null character" in messages(answer)[0]
        assert answer["data"] == {"scheduledTasks": None}

    @pytest.mark.parametrize(
        ("argument", "each", "message"),
        [
            ("filterBy", '{field: "name", value: "a"}', "'filterBy' takes 50 filters at most, not 51"),
            ("sortBy", '{field: "name"}', "'sortBy' takes 10 keys at most, not 51"),
        ],
    )
    def test_more_of_them_than_anybody_needs_are_refused(
        self, client: APIClient, argument: str, each: str, message: str
    ) -> None:
        answer = post(client, f"{{ scheduledTasks({argument}: [{','.join([each] * 51)}]) {{ page {{ id }} }} }}")
        assert messages(answer) == [message]


class TestOrder:
    def test_names_are_sorted_by_code_point(self, client: APIClient) -> None:
        names = ["b", "B", "a", "A", "é", "z", "Z", "_", "1", "\U0001d4b3", "ﬀ", "a b", "a-b", "ab"]
        named(*names)
        for keys in ((), (("name", "ASC"),)):
            assert sorted_by(client, *keys) == sorted(names)
        assert sorted_by(client, ("name", "DESC")) == sorted(names, reverse=True)

    def test_names_of_workflows_and_other_text_too(self, client: APIClient) -> None:
        for name in ("b", "B", "a", "_a"):
            named(name, workflow=make_workflow(name=name), created_by=name)
        for key in ("workflowName", "createdBy"):
            assert sorted_by(client, (key, "ASC")) == ["B", "_a", "a", "b"]

    def test_what_has_no_next_run_comes_after_everything_that_has_one(self, client: APIClient) -> None:
        named("ended", next_run_at=None)
        named("later", next_run_at=NOW + HOUR)
        named("next", next_run_at=NOW)
        assert sorted_by(client, ("nextRunTime", "ASC")) == ["next", "later", "ended"]
        assert sorted_by(client, ("next_run_time", "DESC")) == ["ended", "later", "next"]

    def test_the_order_of_the_keys_is_kept(self, client: APIClient) -> None:
        named("b", "a", next_run_at=NOW + HOUR)
        named("d", "c", next_run_at=NOW)
        assert sorted_by(client, ("nextRunTime", "ASC"), ("name", "DESC")) == ["d", "c", "b", "a"]
        assert sorted_by(client, ("nextRunTime", "DESC"), ("name", "ASC")) == ["a", "b", "c", "d"]
        assert sorted_by(client, ("name", "ASC"), ("nextRunTime", "DESC")) == ["a", "b", "c", "d"]

    @pytest.mark.parametrize("key", KEYS)
    def test_every_key_sorts(self, client: APIClient, key: str) -> None:
        store_distinct()
        ascending = sorted_by(client, (key, "ASC"), field=key)
        assert ascending == sorted(ascending, key=lambda value: (value is None, value))
        assert sorted_by(client, (key, "DESC"), field=key) == ascending[::-1]
        assert len(set(ascending)) > 1

    def test_equal_rows_are_in_the_order_of_their_ids(self, client: APIClient) -> None:
        made = ids(named(*["same"] * 5))
        assert sorted_by(client, ("name", "ASC"), field="id") == sorted(made)
        assert sorted_by(client, ("name", "DESC"), field="id") == sorted(made, reverse=True)

    def test_ascending_is_meant_when_nothing_is_said(self, client: APIClient) -> None:
        named("b", "a")
        data = ask(client, '{ scheduledTasks(sortBy: [{field: "name"}]) { page { name } } }')
        assert names_of(data["scheduledTasks"]) == ["a", "b"]

    def test_an_unknown_key_gives_an_error_and_the_rows_unsorted(self, client: APIClient) -> None:
        named("b", "a")
        answer = post(
            client,
            """{ scheduledTasks(sortBy: [{field: "name", order: DESC}, {field: "nam", order: ASC}]) {
                 page { name } pageInfo { totalItems } } }""",
        )
        assert messages(answer) == [f"Invalid sort arguments (invalid_sorting=['nam'] valid_sort_keys={KEYS})"]
        assert names_of(answer["data"]["scheduledTasks"]) == ["a", "b"]
        assert answer["data"]["scheduledTasks"]["pageInfo"] == {"totalItems": 2}

    def test_a_bad_filter_and_a_bad_order_are_both_told(self, client: APIClient) -> None:
        answer = post(
            client,
            '{ scheduledTasks(filterBy: [{field: "x", value: ""}], sortBy: [{field: "y"}]) { page { name } } }',
        )
        assert [message.split(" (")[0] for message in messages(answer)] == [
            "Invalid filter arguments",
            "Invalid sort arguments",
        ]
        assert answer["data"] == {"scheduledTasks": {"page": []}}


def store_distinct() -> Sequence[Schedule]:
    """Store two schedules that differ in every field but those of the state, in which others do."""
    moment = NOW + timedelta(hours=2, minutes=30, milliseconds=250)
    first = make_schedule(make_workflow(), name="First")
    second = make_schedule(
        make_workflow(),
        name="Second",
        next_run_at=moment,
        trigger="cron",
        trigger_kwargs={"hour": 2},
        timezone="Europe/Amsterdam",
        dst_gap="skip",
        dst_fold="both",
        on_missing_day="last_day",
        spread_seconds=60,
        misfire_policy="run_all",
        misfire_window_seconds=60,
        max_catchup_runs=5,
        overlap_policy="allow",
        concurrency_key="workflow",
        resume_policy="run_once",
        pause_after_failures=3,
        state_reason="as it was",
        version=12,
        created_by="ada",
        updated_by="grace",
    )
    Schedule.objects.filter(pk=first.pk).update(state_reason="another reason")
    third = make_schedule(
        make_workflow(),
        name="Third",
        next_run_at=None,
        state_since=NOW,
        pause_after_failures=7,
        misfire_window_seconds=None,
    )
    fourth = make_paused_schedule(name="Fourth", until=FAR, paused_by="Grace", pause_reason="Ändern")
    fifth = make_paused_schedule(name="Fifth", until=FAR + HOUR, paused_at=NOW + HOUR)
    return first, second, third, fourth, fifth
