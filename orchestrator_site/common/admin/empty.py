"""What a list says that has no rows: what would be in it, or by what it is filtered."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from orchestrator_site.common.admin.texts import Text


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What an empty list teaches.

    Attributes:
        title: That there is nothing yet.
        text: What the rows are, and what has to happen for one to appear.
        icon: The name of a symbol.
        template: What follows: more than words.
    """

    title: Text = ""
    text: Text = ""
    icon: str = "inbox"
    template: str = ""


def list_applied(changelist: Any) -> list[tuple[str, str]]:
    """Return what a list is searched for and filtered by: the name of each, and what was chosen."""
    applied = [(_("search"), changelist.query)] if changelist.query else []
    for spec in changelist.filter_specs:
        applied += spec.applied() if hasattr(spec, "applied") else _chosen(spec, changelist)
    known = {name for spec in changelist.filter_specs for name in spec.expected_parameters()}
    others = ((name, values[-1]) for name, values in changelist.get_filters_params().items() if name not in known)
    return applied + [(name, str(value)) for name, value in others]


def _chosen(spec: Any, changelist: Any) -> list[tuple[str, str]]:
    # The first choice of a filter is to have none.
    _none, *choices = spec.choices(changelist)
    return [(str(spec.title), str(choice["display"])) for choice in choices if choice.get("selected")]
