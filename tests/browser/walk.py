"""All pages of the admin, found by its addresses, and what every one of them has to be."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.urls import reverse
from playwright.sync_api import Page, expect

from schedules.models import ScheduleState
from tasks.models import TaskStatus
from tests.browser.axe import COLOUR_RULES, find_barriers

WIDE, NARROW = 1440, 390
BETWEEN = (1280, 1024)
HEIGHT = 900
# Pages of rows that look different in each state; of other models one row is enough.
STATES: dict[str, Sequence[str]] = {
    "schedules_schedule": [f"state__exact={state}" for state in ScheduleState.values],
    "tasks_task": [f"status__exact={status}" for status in TaskStatus.values],
}
# Lists whose rows have no page.
WITHOUT_ROW_PAGES = {"tasks_enginefreeze"}
# What is the same on every page, and looked at once.
FRAME = ("#nav-sidebar",)
# Answers by POST alone, and pages that nobody may open, such as that which would add a firing.
NO_PAGE = {403, 405}

# What axe does not look for: one heading of the page, none of a level skipped, heads of tables that say for what they
# stand, and nothing that can be pressed and is out of reach for the keyboard.
_OUTLINE = """
() => {
    const seen = (element) => element.checkVisibility();
    const found = [];
    const levels = Array.from(document.querySelectorAll("h1, h2, h3, h4, h5, h6"))
        .filter(seen).map((heading) => [Number(heading.tagName[1]), heading.innerText.trim()]);
    if (levels.filter(([level]) => level === 1).length !== 1) {
        found.push("not one h1");
    }
    levels.forEach(([level, text], place) => {
        if (!text) {
            found.push(`an empty h${level}`);
        }
        if (level > (place ? levels[place - 1][0] : 0) + 1) {
            found.push(`a level is skipped at h${level} “${text}”`);
        }
    });
    for (const [selector, count] of [["main", 1], ["head > title", 1], ["html[lang]", 1]]) {
        if (document.querySelectorAll(selector).length !== count) {
            found.push(`not ${count} ${selector}`);
        }
    }
    for (const head of document.querySelectorAll("th:not([scope]):not(#result_list tbody th)")) {
        if (seen(head)) {
            found.push(`a head without scope: ${head.outerHTML.slice(0, 100)}`);
        }
    }
    for (const element of document.querySelectorAll("[x-on\\\\:click], [onclick]")) {
        if (seen(element) && element.tabIndex < 0 && element.tagName !== "DIALOG") {
            found.push(`out of reach of the keyboard: ${element.outerHTML.slice(0, 100)}`);
        }
    }
    return found;
}
"""


# axe compares everything with all else. Of rows that look alike, the first two say what there is to say of all; what a
# field offers while one types is drawn by the browser.
_SHORTEN = """
() => {
    const seen = {};
    for (const row of document.querySelectorAll("tbody > tr, #result_list > tbody")) {
        const elements = Array.from(row.querySelectorAll("*"));
        const look = elements.map(({ tagName, attributes }) => [tagName, attributes.length, attributes.class?.value]);
        seen[look] = (seen[look] ?? 0) + 1;
        if (seen[look] > 2) {
            row.remove();
        }
    }
    document.querySelectorAll("datalist > option").forEach((option) => option.remove());
}
"""
_WIDER = """
() => document.scrollingElement.scrollWidth <= innerWidth ? [] : Array.from(document.querySelectorAll("body *"))
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth)
    .map((element) => element.outerHTML.slice(0, 80)).slice(-3)
"""


def model_admins(app_label: str) -> list["ModelAdmin[Any]"]:
    """Return the pages of the models of an app."""
    return [each for model, each in admin.site._registry.items() if model._meta.app_label == app_label]


def app_labels() -> list[str]:
    """Return the apps that have pages."""
    return sorted({model._meta.app_label for model in admin.site._registry})


def find_pages(page: Page, app_label: str) -> list[str]:
    """Return the paths of the pages of an app; one of each kind, and of those that all models have one of all."""
    found = [path for each in model_admins(app_label) for path in find_model_pages(page, each)]
    histories = [path for path in found if path.endswith("/history/")]
    nothing = f"{next(path for path in found if path.count('/') == 4)}?q=nothing-is-called-so"
    return [f"/admin/{app_label}/", nothing, *[path for path in found if path not in histories[1:]]]


def find_model_pages(page: Page, model_admin: "ModelAdmin[Any]") -> Iterator[str]:
    """Return the paths of the pages of a model: its lists, forms, and what there is of its rows."""
    name = f"{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    listed = reverse(f"admin:{name}_changelist")
    first = find_row(page, listed)
    assert first or name in WITHOUT_ROW_PAGES, f"{listed} has no row whose pages could be looked at"
    for pattern in model_admin.get_urls():
        route = str(pattern.pattern)
        if route == "<path:object_id>/":
            continue
        rows = [first]
        if route == "<path:object_id>/change/":
            rows += [find_row(page, f"{listed}?{query}") for query in STATES.get(name, ())]
        for row in dict.fromkeys(filter(None, rows)):
            path = listed + re.sub("<.+>", row, route)
            if is_page(page, path):
                yield path


def find_row(page: Page, listed: str) -> str:
    """Return the key of the first row of a list, by the link to its page; empty if there is none."""
    answer = page.request.get(listed)
    assert answer.ok, (listed, answer.status)
    found = re.search(rf'href="{urlsplit(listed).path}([^/"?]+)/(?:change|revoke)/', answer.text())
    return found[1] if found else ""


def is_page(page: Page, path: str) -> bool:
    """Tell whether a page is there, and not a part of one; a path that answers otherwise than it should fails."""
    answer = page.request.get(path)
    assert answer.ok or answer.status in NO_PAGE, (path, answer.status)
    is_text = answer.headers.get("content-type", "").startswith("text/html")
    return answer.ok and is_text and "</html>" in answer.text()


def look_at(page: Page, path: str) -> list[str]:
    """Open a page, and return what is wrong with what is its own, a line each."""
    page.goto(path)
    return look_around(page, exclude=FRAME)


def look_around(page: Page, *, exclude: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the page that is open, a line each.

    Everything is looked for where it can change: the colours in light and dark, all else wide and narrow, and what is
    wider than the window between them too.

    Args:
        page: The page, as it is now.
        exclude: Selectors of what is not looked at.
    """
    page.wait_for_load_state()
    expect(page.locator("html")).not_to_have_attribute("x-cloak", "")  # Alpine has started
    page.emulate_media(reduced_motion="reduce")
    found = {f"outline: {problem}" for problem in page.evaluate(_OUTLINE)}
    for width in (WIDE, *BETWEEN, NARROW):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found |= {f"wider than {width}: {element}" for element in page.evaluate(_WIDER)}
    page.evaluate(_SHORTEN)
    found |= {f"narrow: {barrier}" for barrier in find_barriers(page, without=COLOUR_RULES, exclude=exclude)}
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    found |= {f"light: {barrier}" for barrier in find_barriers(page, exclude=exclude)}
    show_theme(page, "dark")
    found |= {f"dark: {barrier}" for barrier in find_barriers(page, rules=COLOUR_RULES, exclude=exclude)}
    show_theme(page, "light")
    path = urlsplit(page.url).path
    return sorted(f"{path}  {problem}" for problem in found)


def show_theme(page: Page, theme: str) -> None:
    """Show the page in light or dark, as if that were chosen, or the system's."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of two words
    page.evaluate("theme => document.documentElement.classList.toggle('dark', theme === 'dark')", theme)
