"""Schedules whose workflow has a say: its form about the inputs, its predicate about the moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.db import connection

from orchestrator_site.common.database import TransactionLeftOpen
from orchestrator_site.common.errors import InvalidFields
from schedules import firing, guards
from schedules.firing import fire_due
from schedules.guards import Verdict, ask
from schedules.models import Firing, FiringOutcome, Schedule
from schedules.running import run_schedule_now
from schedules.services import ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from tasks.models import Task
from tasks.starting import NotAuthorized, StartRefused
from tests.support.factories import HOUR, NOW, make_schedule, make_step, make_workflow, register_code
from workflows.engine import StartRequest
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


class SiteForm(forms.Form):
    site = forms.CharField(max_length=5)
    depth = forms.IntegerField(required=False, initial=3)


def workflow_with(**options: Any) -> Workflow:
    workflow = make_workflow()
    register_code(workflow.name, [make_step("Look", lambda: None)], **options)
    return workflow


def fire(limit: int = 100) -> list[Firing]:
    fire_due(limit=limit, now=NOW)
    return list(Firing.objects.order_by("schedule_name"))


class TestForm:
    def test_a_task_starts_with_the_cleaned_inputs(self) -> None:
        make_schedule(workflow_with(initial_input_form=SiteForm), inputs={"site": " ams "})
        [firing] = fire()
        assert firing.outcome == FiringOutcome.STARTED
        [task] = Task.objects.all()
        assert task.pk == firing.task_id
        assert task.inputs == {"site": "ams", "depth": 3}

    def test_inputs_that_no_longer_hold_start_nothing_and_the_ledger_says_which(self) -> None:
        schedule = make_schedule(workflow_with(initial_input_form=SiteForm), inputs={"site": "amsterdam"})
        [firing] = fire()
        assert (firing.outcome, firing.task_id) == (FiringOutcome.INVALID_INPUTS, None)
        assert "site" in firing.reason
        assert not Task.objects.exists()
        schedule.refresh_from_db()
        assert schedule.next_run_at == NOW + HOUR

    def test_a_form_that_fails_stops_neither_its_schedule_nor_the_others(self) -> None:
        class Failing(SiteForm):
            def clean(self) -> dict[str, Any]:
                raise ZeroDivisionError("bug")

        make_schedule(workflow_with(initial_input_form=Failing), name="a", inputs={"site": "ams"})
        make_schedule(name="b")
        assert [firing.outcome for firing in fire()] == [FiringOutcome.INVALID_INPUTS, FiringOutcome.STARTED]


class TestPredicate:
    def test_a_refusal_is_in_the_ledger_with_its_reason(self) -> None:
        asked: list[StartRequest] = []

        def refuse(request: StartRequest) -> str:
            asked.append(request)
            return "the change window is closed"

        workflow = workflow_with(run_predicate=refuse)
        make_schedule(workflow, inputs={"site": "ams"})
        [firing] = fire()
        assert (firing.outcome, firing.reason) == (FiringOutcome.SKIPPED_PREDICATE, "the change window is closed")
        assert asked == [StartRequest(workflow.name, {"site": "ams"}, "scheduler")]
        assert not Task.objects.exists()

    def test_one_that_allows_it_changes_nothing(self) -> None:
        make_schedule(workflow_with(run_predicate=lambda request: None))
        assert [firing.outcome for firing in fire()] == [FiringOutcome.STARTED]

    def test_one_that_fails_refuses_and_the_others_fire(self) -> None:
        def fail(request: StartRequest) -> None:
            raise RuntimeError("bug")

        make_schedule(workflow_with(run_predicate=fail), name="a")
        make_schedule(name="b")
        first, second = fire()
        assert first.outcome == FiringOutcome.SKIPPED_PREDICATE
        assert "RuntimeError" in first.reason
        assert second.outcome == FiringOutcome.STARTED

    def test_what_is_skipped_anyway_keeps_its_reason(self) -> None:
        schedule = make_schedule(workflow_with(run_predicate=lambda request: "no"))
        Task.objects.create(
            workflow=schedule.workflow, reporter="x", created_at=NOW, available_at=NOW, concurrency_key=schedule.pk
        )
        [firing] = fire()
        assert firing.outcome == FiringOutcome.SKIPPED_OVERLAP

    @pytest.mark.django_db(transaction=True)
    def test_it_is_asked_outside_of_any_transaction(self) -> None:
        in_transaction: list[bool] = []

        def look(request: StartRequest) -> None:
            in_transaction.append(connection.in_atomic_block)

        make_schedule(workflow_with(run_predicate=look))
        fire()
        assert in_transaction == [False]

    def test_an_edit_while_it_is_asked_leaves_the_schedule_to_the_next_turn(self) -> None:
        def edit(request: StartRequest) -> None:
            Schedule.objects.update(version=2)

        make_schedule(workflow_with(run_predicate=edit))
        assert fire() == []
        assert not Task.objects.exists()
        assert [firing.outcome for firing in fire()] == [FiringOutcome.STARTED]


class TestWriting:
    def draft(self, **inputs: Any) -> ScheduleDraft:
        return ScheduleDraft(name="Nightly", trigger="interval", trigger_kwargs={"hours": 1}, inputs=inputs)

    def test_a_schedule_with_inputs_that_the_form_refuses_is_not_stored(self) -> None:
        workflow = workflow_with(initial_input_form=SiteForm)
        with pytest.raises(InvalidFields) as refusal:
            create_schedule(draft=self.draft(site="amsterdam"), workflow=workflow, actor="ada")
        assert list(refusal.value.errors) == ["inputs.site"]
        assert not Schedule.objects.exists()

    def test_an_edit_of_the_inputs_is_held_against_the_form(self) -> None:
        schedule = make_schedule(workflow_with(initial_input_form=SiteForm), inputs={"site": "ams"})
        with pytest.raises(InvalidFields):
            update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(inputs={}), actor="ada")
        schedule.refresh_from_db()
        assert (schedule.inputs, schedule.version) == ({"site": "ams"}, 1)

    @pytest.mark.parametrize("is_authorized", [True, False])
    def test_the_workflow_is_asked_whether_the_user_may(self, is_authorized: bool) -> None:
        workflow = workflow_with(authorize_callback=lambda user: is_authorized)
        schedule = make_schedule(workflow)
        acts: list[Callable[[], Any]] = [
            lambda: create_schedule(draft=self.draft(), workflow=workflow, actor="ada", user="ada"),
            lambda: update_schedule(
                schedule_id=schedule.pk, changes=ScheduleChanges(name="x"), actor="ada", user="ada"
            ),
            lambda: run_schedule_now(schedule=schedule, actor="ada", user="ada"),
        ]
        for act in acts:
            if is_authorized:
                act()
            else:
                with pytest.raises(NotAuthorized, match=f"User is not authorized to start '{workflow.name}'"):
                    act()
        assert Schedule.objects.count() == (2 if is_authorized else 1)

    def test_a_run_by_hand_is_refused_by_the_predicate_and_leaves_no_trace(self) -> None:
        schedule = make_schedule(workflow_with(run_predicate=lambda request: "not now"))
        with pytest.raises(StartRefused, match="not now"):
            run_schedule_now(schedule=schedule, actor="ada")
        assert not Firing.objects.exists()


def test_no_more_rows_are_claimed_than_the_limit_with_guarded_ones_among_them() -> None:
    guarded = workflow_with(run_predicate=lambda request: None)
    for number in range(3):
        make_schedule(guarded, name=f"guarded {number}", next_run_at=NOW - timedelta(seconds=number))
        make_schedule(name=f"plain {number}", next_run_at=NOW - timedelta(seconds=number))
    assert fire_due(limit=4, now=NOW).decided == 4
    assert fire_due(limit=4, now=NOW).decided == 2
    assert not fire_due(limit=4, now=NOW).found_due


class TestWhatMayGoWrong:
    def test_a_reason_that_cannot_be_stored_is_stored_as_far_as_it_can_be(self) -> None:
        make_schedule(workflow_with(run_predicate=lambda request: "device said \ud800 \0"), name="A")
        make_schedule(workflow_with(run_predicate=lambda request: None), name="B")
        first, second = fire()
        assert (first.outcome, first.reason) == (
            FiringOutcome.SKIPPED_PREDICATE,
            "device said ? \N{REPLACEMENT CHARACTER}",
        )
        assert second.outcome == FiringOutcome.STARTED

    def test_one_that_fails_where_nobody_expected_it_does_not_stop_those_behind_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad = make_schedule(workflow_with(run_predicate=lambda request: None), name="A", next_run_at=NOW - HOUR)
        make_schedule(workflow_with(run_predicate=lambda request: None), name="B")

        def fail(definition: Any, *args: Any, **kwargs: Any) -> Verdict:
            if definition.name == bad.workflow.name:
                raise ValueError("surprise")
            return ask(definition, *args, **kwargs)

        monkeypatch.setattr(firing, "ask", fail)
        assert [each.schedule_name for each in fire()] == ["B"]
        assert Schedule.objects.get(pk=bad.pk).next_run_at == NOW - HOUR

    def test_a_decision_has_the_time_at_which_it_was_made(self) -> None:
        make_schedule(workflow_with(run_predicate=lambda request: None))
        fire_due(limit=9, now=NOW, clock=lambda: NOW + timedelta(seconds=9))
        [decided] = Firing.objects.all()
        assert (decided.decided_at, decided.lateness_ms) == (NOW + timedelta(seconds=9), 9_000)
        assert Task.objects.get().created_at == NOW + timedelta(seconds=9)

    def test_an_answer_counts_for_the_instant_that_it_was_about(self) -> None:
        schedule = make_schedule(workflow_with(run_predicate=lambda request: None), trigger_kwargs={"seconds": 1})

        def decide_meanwhile(request: StartRequest) -> None:
            register_code(schedule.workflow.name, [make_step("Look", lambda: None)])
            fire_due(limit=9, now=NOW)

        register_code(schedule.workflow.name, [make_step("Look", lambda: None)], run_predicate=decide_meanwhile)
        fire_due(limit=9, now=NOW + timedelta(seconds=1))
        assert [each.scheduled_for for each in Firing.objects.all()] == [NOW]

    def test_a_predicate_that_leaves_a_transaction_open_starts_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_schedule(workflow_with(run_predicate=lambda request: None))
        monkeypatch.setattr(guards, "no_transaction_left_open", left_open)
        [decided] = fire()
        assert (decided.outcome, decided.task_id) == (FiringOutcome.ERROR, None)
        assert decided.reason.endswith("failed: a transaction was left open")


@contextmanager
def left_open() -> Iterator[None]:
    yield
    raise TransactionLeftOpen("a transaction was left open")
