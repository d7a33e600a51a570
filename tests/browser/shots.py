"""Pictures of pages for whoever judges how they look; a run of the tests leaves them in `build/screenshots`."""

from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page

from tests.browser.walk import HEIGHT, NARROW, WIDE, show_theme

FOLDER = Path(settings.BASE_DIR) / "build" / "screenshots"


def shot(page: Page, name: str) -> None:
    """Keep two pictures of the page that is open, wide in light and narrow in dark: `NAME-1440-light.png` and so on.

    Afterwards it is light, and as wide as it was.
    """
    size = page.viewport_size
    assert size, "a page of a test has a size"
    for width, theme in ((NARROW, "dark"), (WIDE, "light")):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        show_theme(page, theme)
        page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png", animations="disabled")
    page.set_viewport_size(size)
