"""`/api/docs`: Swagger UI, without a word to another host and under the strict policy."""

import json

from playwright.sync_api import Page, expect

from tests.browser.pages import new_name


def test_the_page_shows_every_operation_and_tries_one(page: Page) -> None:
    page.goto("/api/docs")
    operations = page.locator(".opblock")
    expect(page.get_by_role("heading", name="Orchestrator scheduler")).to_be_visible()
    expect(page.locator("#operations-Schedules-create_schedule")).to_be_visible()
    assert operations.count() >= 16

    create = page.locator("#operations-Schedules-create_schedule")
    create.locator(".opblock-summary-control").click()
    create.get_by_role("button", name="Try it out").click()
    name = new_name()
    body = create.locator("textarea.body-param__text")
    body.fill(json.dumps(json.loads(body.input_value()) | {"name": name}))
    create.get_by_role("button", name="Execute").click()
    # In the session of whoever looks at the page, with its CSRF token.
    expect(create.locator(".live-responses-table .response-col_status").last).to_contain_text("201")
    expect(create.locator(".live-responses-table")).to_contain_text(name)
