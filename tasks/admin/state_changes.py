"""What a step changed in the state of its task, as the page shows it: bounded, long values shortened."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from tasks.state_diff import Change, Kind, diff_states, say_path

MAX_SHOWN_CHANGES = 50
# Fewer changes than this are shown without a click.
FEW_CHANGES = 6
SHORT_CHARACTERS = 80
LONG_CHARACTERS = 4_000

SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "−", Kind.CHANGED: "~"}  # noqa: RUF001  # a minus sign
KINDS = {Kind.ADDED: _("added"), Kind.REMOVED: _("removed"), Kind.CHANGED: _("changed")}


def describe_changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the first changes between two states, and whether there are more."""
    found = diff_states(old, new, max_changes=MAX_SHOWN_CHANGES)
    rows = [_describe_change(change) for change in found.changes]
    return {"rows": rows, "has_more": found.has_more, "are_few": len(rows) <= FEW_CHANGES, "most": MAX_SHOWN_CHANGES}


def _describe_change(change: Change) -> dict[str, Any]:
    return {
        "path": say_path(change.path),
        "kind": change.kind.value,
        "sign": SIGNS[change.kind],
        "label": KINDS[change.kind],
        "old": None if change.kind is Kind.ADDED else _shorten(change.old),
        "new": None if change.kind is Kind.REMOVED else _shorten(change.new),
    }


def _shorten(value: Any) -> dict[str, str]:
    """Return a value as JSON on one line, and in full up to a length if it is longer than that."""
    line = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(line) <= SHORT_CHARACTERS:
        return {"short": line, "full": ""}
    full = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2)
    return {
        "short": f"{line[:SHORT_CHARACTERS]}…",
        "full": full if len(full) <= LONG_CHARACTERS else f"{full[:LONG_CHARACTERS]}…",
    }
