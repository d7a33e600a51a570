"""Saying what may have been meant by a name that there is not."""

import difflib
from collections.abc import Iterable


def say_near(wanted: str, names: Iterable[str], *, kind: str) -> str:
    """Return the end of a sentence that says a name is unknown: the nearest one, or which ones there are.

    Args:
        wanted: The name that is not there.
        names: Those that are.
        kind: What they are, as in `its steps`.
    """
    known = list(dict.fromkeys(names))
    near = difflib.get_close_matches(wanted, known, n=1)
    if near:
        return f": did you mean '{near[0]}'?"
    return f"; {kind} are {', '.join(known)}" if known else f"; {kind}: none"
