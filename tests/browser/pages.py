"""What the browser's tests do on the pages, in the words of an operator."""

from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.support.wait import wait_for

TASK = "task_through_the_gate"


def new_name() -> str:
    return f"Schedule {uuid4().hex[:8]}"


def open_add_form(page: Page, name: str, trigger: str) -> None:
    """Open the form and fill in all but the trigger's own fields."""
    page.goto("/admin/schedules/schedule/add/")
    page.get_by_label("Name").fill(name)
    page.locator("#id_workflow").select_option(label="task_sync_from (Nightly validate and NSO sync)")
    page.get_by_label("Trigger", exact=False).first.select_option(trigger)


def kind_fields(page: Page, kind: str) -> Locator:
    return page.locator(f"fieldset.trigger-kind-{kind}")


def preview(page: Page) -> Locator:
    """Return what stands beside the form: what the trigger will do."""
    return page.get_by_role("region", name="Next times", exact=True)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def open_schedule(page: Page, name: str) -> None:
    """Find it in the list, and open its page."""
    page.goto(f"/admin/schedules/schedule/?q={name}")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_label("Name")).to_have_value(name)


def start_task(page: Page, inputs: str) -> None:
    """Start the task by hand, from the page of its workflow."""
    page.goto(f"/admin/workflows/workflow/?q={TASK}")
    page.get_by_role("link", name=TASK).click()
    page.get_by_role("link", name="Start a task of it").click()
    page.get_by_label("Inputs").fill(inputs)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#steps")).to_be_visible()


def choose_workflow(page: Page, name: str) -> None:
    """Choose of which workflow a task is to be started."""
    page.goto("/admin/tasks/task/add/")
    page.get_by_label("Search for a workflow").fill(name)
    page.get_by_role("button", name="Search").click()
    page.locator("#workflows").get_by_role("link", name=name).click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def at_field(page: Page, name: str) -> Locator:
    """Return a field of a form with what stands at it."""
    return page.locator(f".field-{name}, .field-inputs-{name}, .form-row", has=page.locator(f'[name$="-{name}"]')).last


def wait_for_status(page: Page, status: str) -> None:
    """Look at the page of a task again and again, until it has that status."""

    def has_status() -> bool:
        page.reload()
        return page.locator("#task-head .task-title").get_by_text(status, exact=True).is_visible()

    wait_for(has_status, timeout=20, describe=f"the status {status}")


def step(page: Page, name: str) -> Locator:
    return page.locator(f'article[data-step="{name}"]')
