"""Tabs: the pages about one thing, side by side. They are links, so that they work without a script."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator_site.common.admin.texts import Text


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the pages; `icon` is the name of a symbol of Material Symbols."""

    name: str
    label: Text
    url: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Tabs:
    """The pages about one thing, which `templates/admin/tabs.html` shows from a context that has them as `tabs`.

    Attributes:
        label: What they are about, for those who do not see where they stand.
        pages: All of them that somebody may see.
        current: The name of the one that is shown.
    """

    label: Text
    pages: Sequence[Tab]
    current: str
