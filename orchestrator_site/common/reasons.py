"""Reasons that people give for what they ask for, and ends that they set to what holds others up."""

from datetime import datetime

from orchestrator_site.common.errors import InvalidValue

MAX_REASON_CHARACTERS = 1_000


def check_reason(reason: str) -> None:
    """Refuse a reason that nobody would read.

    Raises:
        InvalidValue: It is too long.
    """
    if len(reason) > MAX_REASON_CHARACTERS:
        right = f"give at most {MAX_REASON_CHARACTERS:,} characters"
        raise InvalidValue(f"it has {len(reason):,} characters; {right}", field="reason", value=reason)


def check_hold(*, reason: str, until: datetime | None, now: datetime) -> None:
    """Refuse a hold, a pause or a freeze, of which nobody could tell why it is, or that would be over at once.

    Raises:
        InvalidValue: There is no reason, or it is too long; or `until` has passed.
    """
    if not reason.strip():
        raise InvalidValue("say why: people will ask", field="reason", value=reason)
    check_reason(reason)
    if until is not None and until <= now:
        raise InvalidValue(f"'until' {until.isoformat()} has passed", field="until", value=until.isoformat())
