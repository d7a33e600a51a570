"""Looking for barriers on a page by axe-core, whose rules check the Web Content Accessibility Guidelines.

The rules: https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

# WCAG 2.0 and 2.1, levels A and AA.
WCAG_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
# What depends on the colours alone; it is most of the work.
COLOUR_RULES = ("color-contrast", "link-in-text-block")

_SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_RUN = """
async ({ runOnly, rules, exclude }) => {
    const found = await axe.run({ exclude }, { runOnly, rules, resultTypes: ["violations"], preload: false });
    return found.violations;
}
"""


def find_barriers(
    page: Page, *, rules: Sequence[str] = (), without: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[str]:
    """Return what keeps people from using the page as it is shown now, one line per rule and element.

    The script goes in by the browser's debugger, which no Content-Security-Policy concerns: the page is tested under
    its own.

    Args:
        page: With everything in its place: what still fades in or out has colours that nobody reads.
        rules: The rules to check; by default all of WCAG 2.1 AA.
        without: Those that are left out.
        exclude: Selectors of what is not ours to mend.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    run_only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG_TAGS}
    left_out = {rule: {"enabled": False} for rule in without}
    excluded = [[selector] for selector in exclude]
    violations = page.evaluate(_RUN, {"runOnly": run_only, "rules": left_out, "exclude": excluded})
    return [_describe(violation, element) for violation in violations for element in violation["nodes"]]


def _describe(violation: dict[str, Any], element: dict[str, Any]) -> str:
    reasons = [check["message"] for kind in ("any", "all", "none") for check in element[kind]]
    return f"{violation['id']}: {_place(element['target'])}: {'; '.join(reasons)}\n        {element['html'][:160]}"


def _place(target: Sequence[str | list[str]]) -> str:
    """Return the selectors of an element; those of a shadow tree are a list of their own."""
    return " ".join(part if isinstance(part, str) else " >> ".join(part) for part in target)
