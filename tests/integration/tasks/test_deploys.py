"""All ways in which a task can stop, with all changes to its steps meanwhile: where it goes on, or why it does not."""

import pytest
from django import forms

from tasks.models import TaskStatus
from tasks.resuming import StepsChanged
from tasks.services import resume_task
from tests.integration.tasks.deploying import (
    ANSWERS,
    KINDS,
    OLD,
    RESUMED_BY_HAND,
    Deployment,
    OtherReasonForm,
    assert_completed,
    columns,
)
from tests.integration.tasks.support import Clock, assert_status, fresh, last_state, run_due

pytestmark = pytest.mark.django_db

# What was done to the steps → the steps then; aliases; which run then; whether that is on another list.
GOES_ON: dict[str, tuple[str, dict[str, str], str, int]] = {
    "nothing": (OLD, {}, "B C D", 0),
    "one appended": ("A B C D X", {}, "B C D X", 0),
    "one inserted after": ("A B X C D", {}, "B X C D", 0),
    "a later one renamed": ("A B C2 D", {}, "B C2 D", 0),
    "later ones in another order": ("A B D C", {}, "B D C", 0),
    "a later one removed": ("A B D", {}, "B D", 0),
    "all later ones removed": ("A B", {}, "B", 0),
    "the passed one renamed, with an alias": ("A2 B C D", {"A": "A2"}, "B C D", 0),
    "its own renamed, with an alias": ("A B2 C D", {"B": "B2"}, "B2 C D", 0),
    "both renamed, with aliases": ("A2 B2 C D", {"A": "A2", "B": "B2"}, "B2 C D", 0),
    "one inserted before, with an alias": ("X A B C D", {"B": "B"}, "B C D", 1),
    "one inserted at its place, with an alias": ("A X B C D", {"B": "B"}, "B C D", 1),
    "one inserted at its place and its own renamed, with an alias": ("A X B2 C D", {"B": "B2"}, "B2 C D", 1),
    "another order, with an alias": ("B A C D", {"B": "B"}, "B A C D", 1),
    "the passed one removed, with an alias": ("B C D", {"B": "B"}, "B C D", 1),
}

# What was done → the steps then; aliases; the step that a person chooses; which run then.
STOPS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "one inserted before": ("X A B C D", {}, "B", "B C D"),
    "one inserted at its place": ("A X B C D", {}, "B", "B C D"),
    "one inserted at its place, to go on with that": ("A X B C D", {}, "X", "X B C D"),
    "the passed one renamed": ("A2 B C D", {}, "B", "B C D"),
    "its own renamed": ("A B2 C D", {}, "B2", "B2 C D"),
    "both renamed, with one alias": ("A2 B2 C D", {"A": "A2"}, "B2", "B2 C D"),
    "another order": ("B A C D", {}, "B", "B A C D"),
    "another order, to run all again": ("B A C D", {}, "Start", "B A C D"),
    "the passed one removed": ("B C D", {}, "B", "B C D"),
    "its own removed": ("A C D", {}, "C", "C D"),
    "its own and all later ones removed": ("A", {}, "Done", ""),
    "an alias of another step": ("A X B C D", {"C": "C"}, "B", "B C D"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", GOES_ON.values(), ids=GOES_ON.keys())
def test_a_task_goes_on_where_nobody_has_to_guess(
    clock: Clock, kind: str, change: tuple[str, dict[str, str], str, int]
) -> None:
    names, aliases, ran, revision = change
    deployment = Deployment(kind, clock)
    deployment.deploy(OLD)
    task = deployment.stop()
    deployment.deploy(names, aliases=aliases)
    deployment.go_on(task)
    assert_completed(deployment, task, ran=ran, revision=revision)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", STOPS.values(), ids=STOPS.keys())
def test_a_task_stops_where_it_would_be_a_guess_and_goes_on_where_a_person_says(
    clock: Clock, kind: str, change: tuple[str, dict[str, str], str, str]
) -> None:
    names, aliases, chosen, ran = change
    deployment = Deployment(kind, clock)
    deployment.deploy(OLD)
    task = deployment.stop()
    deployment.deploy(names, aliases=aliases)
    if kind not in RESUMED_BY_HAND:
        task = deployment.go_on(task)
        assert_status(task, TaskStatus.INCONSISTENT_DATA)
        assert (task.finished_at, task.position) == (clock.now, 3 if kind == "awaiting_callback" else 2)
        assert_shows_both_lists(task.failed_reason, deployment, names)
    assert deployment.ran == []
    before = columns(task)
    with pytest.raises(StepsChanged) as refused:
        resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS if kind == "suspended" else None)
    assert_shows_both_lists(str(refused.value), deployment, names)
    assert columns(task) == before
    deployment.resume_at(task, chosen)
    assert_completed(deployment, task, ran=ran, revision=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_step_with_an_alias_to_the_next_goes_on_with_that(clock: Clock, kind: str) -> None:
    deployment = Deployment(kind, clock)
    deployment.deploy(OLD)
    task = deployment.stop()
    deployment.deploy("A C D", aliases={"B": "C"})
    if kind == "suspended":  # the step there asks nothing
        resume_task(task_id=task.pk, actor="ada")
        task = run_due(clock, task)
    else:
        task = deployment.go_on(task)
    assert_completed(deployment, task, ran="C D", revision=task.revision)


def assert_shows_both_lists(text: str, deployment: Deployment, names: str) -> None:
    reason, _, lists = text.partition("\n\n")
    assert reason == "its steps were changed; choose the step at which it is to go on (resume_at)"
    columns = zip(*(line[2:].split("|") for line in lists.splitlines()), strict=True)
    shown = [[row.partition(" (form ")[0].strip() for row in column] for column in columns]
    for column, expected in zip(shown, (OLD, names), strict=True):
        steps = [each.name for name in expected.split() for each in deployment.make(name)]
        assert [row for row in column[1:] if row] == ["Start", *steps, "Done"]
    [marked] = [number for number, line in enumerate(lists.splitlines()) if line.startswith("→")]
    assert shown[0][marked] == deployment.standing("B")


class OneForm(forms.Form):
    site = forms.CharField()


class OtherForm(forms.Form):
    site = forms.CharField()
    ports = forms.IntegerField()


class TestForms:
    @pytest.mark.parametrize("kind", KINDS)
    def test_another_form_at_the_start_counts_as_another_first_step(self, clock: Clock, kind: str) -> None:
        deployment = Deployment(kind, clock)
        deployment.deploy(OLD, initial_input_form=OneForm)
        task = deployment.stop(inputs={"site": "north"})
        deployment.deploy(OLD, initial_input_form=OtherForm)
        if kind in RESUMED_BY_HAND:
            with pytest.raises(StepsChanged, match=r"\n  Start \(form \w+\) +\| Start \(form \w+\)\n"):
                deployment.go_on(task)
        else:
            assert_status(deployment.go_on(task), TaskStatus.INCONSISTENT_DATA)
        deployment.resume_at(task, "B")
        assert_completed(deployment, task, ran="B C D", revision=1)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_form_of_another_name_is_the_same(self, clock: Clock, kind: str) -> None:
        deployment = Deployment(kind, clock)
        deployment.deploy(OLD, initial_input_form=OneForm)
        task = deployment.stop(inputs={"site": "north"})
        deployment.deploy(OLD, initial_input_form=type("SameForm", (forms.Form,), {"site": forms.CharField()}))
        deployment.go_on(task)
        assert_completed(deployment, task, ran="B C D", revision=0)

    @pytest.mark.parametrize("aliases", [{}, {"B": "B"}])
    def test_another_form_of_the_step_where_a_task_is_suspended_is_a_guess_unless_an_alias_says_so(
        self, clock: Clock, aliases: dict[str, str]
    ) -> None:
        deployment = Deployment("suspended", clock)
        deployment.deploy(OLD)
        task = deployment.stop()
        deployment.form = OtherReasonForm
        deployment.deploy(OLD, aliases=aliases)
        inputs = {"reason": "late", "who": "ada"}
        if not aliases:
            with pytest.raises(StepsChanged, match=r"→ B \(form \w+\) +\| B \(form \w+\)\n"):
                resume_task(task_id=task.pk, actor="ada", inputs=inputs)
        resume_at = None if aliases else "B"
        resume_task(task_id=task.pk, actor="ada", inputs=inputs, resume_at=resume_at)
        assert fresh(task).revision == 1
        run_due(clock, task)
        assert_completed(deployment, task, ran="B C D", revision=1)
        assert last_state(task)["who"] == "ada"
