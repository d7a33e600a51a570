"""The page of a workflow: its steps with their kinds, and what its code says about starting a task of it."""

from django import forms
from django.test import Client

from tests.integration.admin.support import page_url, read
from tests.support.factories import make_step, make_workflow
from workflows.engine import abort, callback_step, conditional, inputstep, retrystep, step, step_group
from workflows.models import Workflow

MODEL = "workflows_workflow"


class SiteForm(forms.Form):
    site = forms.CharField()


def may_start(user: object) -> bool:
    return True


def may_resume(user: object) -> bool:
    return True


def is_time(request: object) -> str | None:
    return None


def page_of(client: Client, workflow: Workflow) -> str:
    return " ".join(read(client.get(page_url(MODEL, workflow.pk))).split())


def test_steps_are_shown_in_order_with_their_kinds(root: Client, db: None) -> None:
    order = step("Order")(lambda callback_route: None)
    steps = [
        make_step("Plain <one>", lambda: None),
        retrystep("Flaky", max_attempts=3)(lambda: None),
        retrystep("Patient", atomic=True)(lambda: None),
        step("Slow", timeout_seconds=2.5)(lambda: None),
        inputstep("Where", form=SiteForm)(lambda site: None),
        *conditional(lambda state: True)(make_step("Perhaps", lambda: None)),
        *callback_step("Shop", order, make_step("Look", lambda: None), timeout_seconds=60),
        *callback_step("Bank", order, make_step("Look", lambda: None)),
        *step_group("End", abort),
    ]
    page = page_of(root, make_workflow(*steps))
    parts = [part.split("</li>")[0] for part in page.split('<li class="admin-step"')[1:]]
    shown = [
        (part.split("<strong>")[1].split("</strong>")[0], part.split("<span>")[1].split("</span>")[0]) for part in parts
    ]
    assert shown == [
        ("1. Start", "plain"),
        ("2. Plain <one>", "plain"),
        ("3. Flaky", "retried, up to 3 attempts"),
        ("4. Patient", "retried until it passes, atomic"),
        ("5. Slow", "timeout 2.5 s"),
        ("6. Where", "asks SiteForm"),
        ("7. Perhaps", "conditional"),
        ("8. Shop: Order", "asks another system"),
        ("9. Shop: Await callback", "awaits a callback within 60 s"),
        ("10. Shop: Look", "plain"),
        ("11. Bank: Order", "asks another system"),
        ("12. Bank: Await callback", "awaits a callback"),
        ("13. Bank: Look", "plain"),
        ("14. End: Abort", "aborts the task"),
        ("15. Done", "plain"),
    ]


def test_what_its_code_says_about_starting_is_shown(root: Client, db: None) -> None:
    options = {"initial_input_form": SiteForm, "run_predicate": is_time, "authorize_callback": may_start}
    page = page_of(root, make_workflow(options=options))
    assert "SiteForm" in page
    assert "is_time" in page
    assert "to start: may_start, to resume: may_start" in page
    page = page_of(root, make_workflow(options={"retry_auth_callback": may_resume}))
    assert "to resume: may_resume" in page
    assert "to start" not in page


def test_a_workflow_without_code_shows_no_steps(root: Client, db: None) -> None:
    page = page_of(root, make_workflow(has_code=False))
    assert 'id="steps"' not in page
    assert "no code is registered" in page
