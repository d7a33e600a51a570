"""What a release says of workflows and of functions, and what its fingerprint depends on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.conf import settings

from tests.support.factories import register_code
from workflows.engine import Backoff, callback_step, conditional, inputstep, retrystep, step
from workflows.input_forms import form_digest
from workflows.registry import LazyWorkflowInstance
from workflows.releases.contents import digest_function, know_workflows
from workflows.releases.differing import list_facts_entries

NAME = "task_described"


class OrderForm(forms.Form):
    size = forms.IntegerField(min_value=1)
    region = forms.ChoiceField(choices=[(f"r{number:03}", "") for number in range(150)])


def may_start(request: Any) -> str | None:
    return None


@step("Plain", atomic=True, timeout_seconds=Decimal(5))  # type: ignore[arg-type]  # authors do
def plain() -> None: ...


@retrystep("Retried", max_attempts=3, backoff=Backoff(1, 60))
def retried() -> None: ...


@inputstep("Asks", form=OrderForm)
def asks() -> None: ...


@step("Order")
def order(callback_route: str) -> None: ...


@step("Look")
def look() -> None: ...


def know() -> Any:
    return know_workflows(name="r1", version="0.1.0")


def describe(*steps: Any, **options: Any) -> Any:
    register_code(NAME, [part for each in steps for part in ([each] if hasattr(each, "run") else each)], **options)
    return know().contents["workflows"][NAME]


class TestContents:
    def test_every_kind_of_step_with_its_settings(self) -> None:
        called = callback_step("Call", order, look, timeout_seconds=90)
        facts = describe(plain, retried, asks, called, conditional(lambda state: True)(look))
        shown = {each["name"]: each for each in facts["steps"]}
        kinds = {name: each["kind"] for name, each in shown.items()}
        assert kinds == {
            "Start": "plain",
            "Plain": "plain",
            "Retried": "plain",
            "Asks": "input",
            "Call: Order": "callback_action",
            "Call: Await callback": "await_callback",
            "Call: Look": "plain",
            "Look": "plain",
            "Done": "last",
        }
        assert (shown["Plain"]["atomic"], shown["Plain"]["timeout"]) == (True, 5)
        assert (shown["Retried"]["retry"], shown["Plain"]["retry"]) == ([3, 1, 60], None)
        assert shown["Call: Await callback"]["answer_within"] == 90
        assert [name for name, each in shown.items() if each["conditional"]] == ["Look"]

    def test_forms_with_their_fields_and_of_many_choices_the_first(self) -> None:
        facts = describe(asks, initial_input_form=OrderForm)
        assert facts["form"] == facts["steps"][1]["form"]
        assert facts["form"]["digest"] == form_digest(form=OrderForm)
        fields = facts["form"]["fields"]
        assert fields["size"]["bounds"] == ['["MinValueValidator", 1]']
        assert len(fields["region"]["choices"]) == 100

    def test_the_steps_are_those_by_which_tasks_go_on(self) -> None:
        facts = describe(plain, asks, initial_input_form=OrderForm)
        digest = form_digest(form=OrderForm)
        assert [(each.name, each.form) for each in list_facts_entries(facts)] == [
            ("Start", digest),
            ("Plain", ""),
            ("Asks", digest),
            ("Done", ""),
        ]

    def test_callbacks_by_name_and_aliases(self) -> None:
        facts = describe(plain, run_predicate=may_start, step_aliases={"Former": "Plain"})
        assert facts["predicate"] == {"name": "may_start", "code": digest_function(may_start)}
        assert (facts["may_start"], facts["aliases"]) == (None, {"Former": "Plain"})

    def test_code_that_does_not_load_is_a_problem_whose_wording_does_not_count(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        instance = LazyWorkflowInstance("no.such.module", NAME)
        before = know()
        assert "no.such.module" in before.contents["workflows"][NAME]["problem"]
        monkeypatch.setattr(instance, "module", "nor.this.one")
        after = know()
        assert before.contents != after.contents
        assert before.fingerprint == after.fingerprint

    def test_a_form_that_cannot_be_used_is_a_problem(self) -> None:
        assert (
            "takes a file" in describe(initial_input_form=type("F", (forms.Form,), {"f": forms.FileField()}))["problem"]
        )

    def test_the_name_of_the_release_counts_and_all_of_it_is_json(self) -> None:
        known = know()
        assert know().fingerprint == known.fingerprint
        assert know_workflows(name="r2", version="0.1.0").fingerprint != known.fingerprint
        assert json.loads(json.dumps(known.contents)) == known.contents


def one(word: str) -> bool:
    """Say one thing; the order of such a set is another one in every process."""
    return word in {"north", "east", "south", "west"}


def other(word: str) -> bool:
    """Say one thing; the order of such a set is another one in every process."""
    return word in {"north", "east", "south", "up"}


def make_closure(value: int) -> Callable[[], int]:
    return lambda: value


def test_functions_are_told_apart_by_what_they_do() -> None:
    assert digest_function(one) != digest_function(other)
    assert digest_function(make_closure(1)) == digest_function(make_closure(2)), "what they are given is no code"
    assert digest_function(print) == ""


def test_every_process_has_the_same_fingerprint() -> None:
    script = (
        "import django; django.setup()\n"
        "from workflows.releases.contents import digest_function, know_workflows\n"
        "from tests.integration.workflows.test_release_contents import one\n"
        "print(know_workflows(name='', version='').fingerprint, digest_function(one))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "orchestrator_site.settings"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
