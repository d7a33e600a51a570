import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.site import ZONE, Site, running_site
from tests.browser.watch import Watch

# The first two are drawn for each window anew, which takes longer than most pages do. The others are those of
# Playwright's own that have to do with these tests: of two such lists, chromium reads the last.
WITHOUT_FEATURES = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
)
CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(WITHOUT_FEATURES)}",
)
# A worker may have much else to do, on a machine that is busy.
PATIENCE_SECONDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--docs-images", type=Path, help="folder to put the pictures of the documentation into")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last, and skip them all where there is no chromium.

    Playwright keeps an event loop in this thread from its first test to the end of the run, and where one runs Django
    refuses to use the database: the tests that do have to be over by then.
    """
    folder = Path(__file__).parent
    ours = [item for item in items if folder in item.path.parents]
    items[:] = [item for item in items if folder not in item.path.parents] + ours
    for item in ours:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120))
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="chromium is not installed: apt-get install chromium"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with everything running, shared by all tests of a run."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site of its own, at work since yesterday."""
    with running_site(tmp_path_factory.mktemp("demo"), DEMO="true") as site:
        yield site


@pytest.fixture(scope="session")
def rows(site: Site) -> None:
    """Put rows of every kind into the site's database."""
    site.call("tests.support.admin_rows:make_rows")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Start Debian's chromium, not one that Playwright would have downloaded."""
    return {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def context_options(site: Site) -> dict[str, Any]:
    return {"base_url": site.url, "viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": ZONE}


@pytest.fixture(scope="session")
def session(browser: Browser, site: Site, context_options: dict[str, Any]) -> Any:
    """Return the cookies of the administrator, who logs in once."""
    context = browser.new_context(**context_options)
    watch = Watch(context, site.url)
    log_in(context.new_page(), site)
    state = context.storage_state()
    context.close()
    assert watch.complaints == []
    return state


@pytest.fixture(scope="session")
def browser_context_args(context_options: dict[str, Any], session: Any) -> dict[str, Any]:
    return {**context_options, "storage_state": session}


@pytest.fixture
def context(context: BrowserContext, site: Site) -> Iterator[BrowserContext]:
    """Return a browser's window in which nothing may go wrong unseen."""
    watch = Watch(context, site.url)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield context
    context.close()  # what is under way ends, or fails, before it is looked at
    assert watch.requests
    assert watch.complaints == []


def log_in(page: Page, site: Site) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill(site.user)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
