"""Two people who save the same schedule: nothing of either is lost, and one of them chooses part by part."""

import json
from typing import Any

import pytest
from django import forms
from django.test import Client

from schedules.models import Schedule
from schedules.services import ScheduleChanges, ScheduleDraft, create_schedule, update_schedule
from tests.integration.admin.support import errors_of, page_url, read, shown
from tests.support.factories import make_workflow

MODEL = "schedules_schedule"
PAGE = 'id="conflict"'
POLICIES = {"overlap_policy": "allow"}


@pytest.fixture
def schedule(db: None) -> Schedule:
    draft = ScheduleDraft(
        name="Nightly", trigger="cron", trigger_kwargs={"hour": 2}, timezone="UTC", inputs={"region": "north"}
    )
    return create_schedule(draft=draft, workflow=make_workflow(name="task_nightly"), actor="somebody")


def save_both(client: Client, schedule: Schedule, theirs: ScheduleChanges, **mine: object) -> Any:
    """Open the page, have alice save it first, and then send it."""
    sent = {**shown(client, schedule), **mine}
    update_schedule(schedule_id=schedule.pk, changes=theirs, actor="alice")
    return client.post(page_url(MODEL, schedule.pk), sent)


def choose(client: Client, conflict: Any, **choices: str) -> Any:
    """Send the page with both sides as a browser does, with a choice for each part that is named."""
    sent: dict[str, list[str]] = {}
    for name, value in conflict.context["sent"]:
        sent.setdefault(name, []).append(value)
    fixed = {"seen_version": str(conflict.context["theirs"].version), "asked": conflict.context["asked"]}
    picks = {name if name.startswith("_") else f"pick-{name}": side for name, side in choices.items()}
    return client.post(page_url(MODEL, conflict.context["theirs"].pk), {**sent, **fixed, **picks})


def parts_of(conflict: Any) -> dict[str, tuple[str, str, str | None, str]]:
    return {part.name: (part.mine, part.theirs, part.opened, part.suggested) for part in conflict.context["choices"]}


def test_both_sides_are_shown_with_what_it_was_and_nothing_is_saved(root: Client, schedule: Schedule) -> None:
    theirs = ScheduleChanges(name="Theirs", policies=POLICIES)
    conflict = save_both(root, schedule, theirs, name="Mine", cron_minute="30")
    page = read(conflict)
    assert PAGE in page
    updated_at = Schedule.objects.get().updated_at
    assert f"alice changed this schedule at {updated_at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert parts_of(conflict) == {
        "name": ("Mine", "Theirs", "Nightly", ""),
        "trigger": ("cron\nhour: 2\nminute: 30", "cron\nhour: 2", "cron\nhour: 2", "mine"),
        "overlap_policy": ("Do not run", "Run beside it", "Do not run", "theirs"),
    }
    for words in ("changed by both of you", "changed by you", "changed by alice"):
        assert words in page
    assert (Schedule.objects.get().name, Schedule.objects.get().version) == ("Theirs", 2)


def test_what_is_chosen_is_saved_part_by_part(root: Client, schedule: Schedule) -> None:
    theirs = ScheduleChanges(name="Theirs", policies=POLICIES)
    conflict = save_both(root, schedule, theirs, name="Mine", cron_minute="30")
    assert choose(root, conflict, name="mine", trigger="mine", overlap_policy="theirs").status_code == 302
    saved = Schedule.objects.get()
    assert (saved.name, saved.trigger_kwargs, saved.overlap_policy) == ("Mine", {"hour": 2, "minute": 30}, "allow")
    assert (saved.version, saved.updated_by) == (3, "root")


def test_their_trigger_is_taken_as_a_whole(root: Client, schedule: Schedule) -> None:
    theirs = ScheduleChanges(trigger="interval", trigger_kwargs={"hours": 6}, inputs={"region": "south", "n": 2})
    mine = {"name": "Mine", "cron_minute": "30", "inputs": '{"region": "west"}'}
    conflict = save_both(root, schedule, theirs, **mine)
    answer = choose(root, conflict, name="mine", trigger="theirs", inputs="theirs")
    assert answer.status_code == 302, errors_of(answer)
    saved = Schedule.objects.get()
    assert (saved.name, saved.trigger, saved.trigger_kwargs) == ("Mine", "interval", {"hours": 6})
    assert saved.inputs == {"region": "south", "n": 2}


def test_all_of_mine_is_kept_at_once(root: Client, schedule: Schedule) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs", policies=POLICIES), name="Mine")
    assert choose(root, conflict, _all_mine="1").status_code == 302
    saved = Schedule.objects.get()
    assert (saved.name, saved.overlap_policy, saved.version) == ("Mine", "skip", 3)


def test_without_a_choice_for_each_part_the_page_comes_again(root: Client, schedule: Schedule) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs"), name="Mine", cron_minute="30")
    again = choose(root, conflict, trigger="mine")
    assert PAGE in read(again)
    assert parts_of(again) == parts_of(conflict)
    assert Schedule.objects.get().name == "Theirs"


def test_a_third_change_meanwhile_is_shown_as_well(root: Client, schedule: Schedule) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs"), name="Mine")
    update_schedule(schedule_id=schedule.pk, changes=ScheduleChanges(name="Of a third"), actor="bob")
    again = choose(root, conflict, name="mine")
    assert parts_of(again) == {"name": ("Mine", "Of a third", "Nightly", "")}
    assert "bob changed this schedule" in read(again)


def test_a_choice_that_cannot_be_stored_comes_back_as_the_form_with_its_errors(
    root: Client, schedule: Schedule
) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs"), cron_month="2", cron_day="30")
    answer = choose(root, conflict, name="theirs", trigger="mine")
    assert "never_fires" in errors_of(answer)["trigger"][0]
    page = read(answer)
    assert 'value="Theirs"' in page
    assert 'value="30"' in page


def test_two_who_did_the_same_have_nothing_to_choose(root: Client, schedule: Schedule) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Same"), name="Same")
    assert "there is nothing to choose" in read(conflict)
    assert parts_of(conflict) == {}


@pytest.mark.parametrize("opened", ["", "no snapshot", "[]", json.dumps({"name": 1})])
def test_what_it_was_before_is_left_out_where_it_is_not_known(root: Client, schedule: Schedule, opened: str) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs"), name="Mine", opened=opened)
    assert parts_of(conflict) == {"name": ("Mine", "Theirs", None, "")}
    assert "What it was when you opened it is not known." in read(conflict)


def test_what_was_typed_is_shown_as_text_and_not_as_html(root: Client, schedule: Schedule) -> None:
    conflict = save_both(root, schedule, ScheduleChanges(name="Theirs"), name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in conflict.content.decode()
    assert "<script>alert(1)" in read(conflict)


class RegionForm(forms.Form):
    region = forms.ChoiceField(choices=[("north", "The north"), ("south", "The south")])
    days = forms.MultipleChoiceField(choices=[("mon", "Monday"), ("tue", "Tuesday")], required=False)


def test_inputs_of_a_form_are_chosen_as_one_and_none_of_several_values_is_lost(root: Client, db: None) -> None:
    workflow = make_workflow(options={"initial_input_form": RegionForm})
    draft = ScheduleDraft(name="Nightly", trigger="cron", trigger_kwargs={"hour": 2}, inputs={"region": "north"})
    schedule = create_schedule(draft=draft, workflow=workflow, actor="somebody")
    days = {"inputs-days": ["mon", "tue"]}
    conflict = save_both(root, schedule, ScheduleChanges(inputs={"region": "south"}), **days)
    assert choose(root, conflict, inputs="mine").status_code == 302
    assert Schedule.objects.get().inputs == {"region": "north", "days": ["mon", "tue"]}
    conflict = save_both(root, schedule, ScheduleChanges(inputs={"region": "south"}), **days)
    assert choose(root, conflict, inputs="theirs").status_code == 302
    assert Schedule.objects.get().inputs == {"region": "south"}
