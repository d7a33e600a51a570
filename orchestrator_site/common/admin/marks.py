"""Marks: a state in a word with an icon and a colour, of which the word alone is enough."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD
from orchestrator_site.common.admin.texts import Text

QUIET = "quiet"
# Colours, by what unfold calls them → what the style sheet does.
_CLASSES = {GOOD: "good", BAD: "bad", BUSY: "busy", ODD: "odd", QUIET: "quiet"}


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state looks.

    Attributes:
        label: What people call it.
        colour: GOOD, BAD, BUSY, ODD or QUIET.
        icon: Its name among the Material Symbols, which unfold brings along.
    """

    label: Text
    colour: str
    icon: str

    @property
    def css_class(self) -> str:
        """The end of its class in the style sheet."""
        return _CLASSES[self.colour]


def show_mark(mark: Mark, *, title: str = "") -> SafeString:
    """Return a mark; the title is what a pointer that rests on it is shown."""
    return format_html(
        '<span class="admin-mark admin-mark-{}"{}>{}<span>{}</span></span>',
        mark.css_class,
        format_html(' title="{}"', title) if title else "",
        show_icon(mark.icon),
        mark.label,
    )


def show_icon(name: str) -> SafeString:
    """Return an icon that is not read out: a word beside it says the same."""
    return format_html('<span class="material-symbols-outlined" aria-hidden="true">{}</span>', name)
