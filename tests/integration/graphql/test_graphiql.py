"""The page for people, in a real browser: it works under its policy and asks no other host for anything."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from shutil import which
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.integration.api.support import store_schedule
from tests.integration.graphql.support import PATH

CHROMIUM = which("chromium")
SHOWN_MS = 20_000


@pytest.fixture
def session_cookie(transactional_db: None) -> str:
    """Return the session of somebody who may see everything."""
    store_schedule(name="Shown by GraphiQL")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@dataclass
class Visit:
    """What a browser saw: complaints in its console, and the addresses that it asked for."""

    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)


def run_a_query(origin: str, session: str) -> Visit:
    """Open the page, run the query that it begins with, and read the documentation of the schema."""
    visit = Visit()
    with sync_playwright() as playwright:
        # Without a sandbox, which root cannot have.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": origin}])
        page.on("console", lambda message: visit.complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.requested.append(request.url))
        page.goto(f"{origin}{PATH}")
        page.get_by_label("Execute query").click(timeout=SHOWN_MS)
        expect(page.locator(".result-window")).to_contain_text("Shown by GraphiQL", timeout=SHOWN_MS)
        page.get_by_label("Show Documentation Explorer").click()
        expect(page.locator(".graphiql-doc-explorer")).to_contain_text("ScheduledTaskConnection", timeout=SHOWN_MS)
        page.get_by_label("Show History").click()
        page.get_by_label("Open settings dialog").click()
        page.get_by_role("dialog").get_by_role("button").first.click()
        page.get_by_label("Prettify query").click()
        page.locator(".graphiql-query-editor .CodeMirror").click()
        page.keyboard.press("Control+Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Control+Space")
        expect(page.locator(".CodeMirror-hints")).to_contain_text("firings", timeout=SHOWN_MS)
        browser.close()
    return visit


@pytest.mark.timeout(180)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium, which Debian has as a package")
def test_the_page_runs_a_query_without_errors_and_without_other_hosts(
    session_cookie: str, live_server: LiveServer
) -> None:
    # In a thread: where the browser's event loop runs, Django refuses to use the database.
    with ThreadPoolExecutor(1) as pool:
        visit = pool.submit(run_a_query, live_server.url, session_cookie).result()
    assert visit.complaints == []
    hosts = {urlsplit(url).netloc for url in visit.requested if not url.startswith("data:")}
    assert hosts == {urlsplit(live_server.url).netloc}
