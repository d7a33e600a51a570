"""What a worker leaves to others, since it has no code for it or another version of its steps."""

import threading
from datetime import datetime, timedelta

import structlog

from tasks.queue import Claim, LeftAlone

log = structlog.get_logger(__name__)

# Then it looks again: the one that could run it may have died, and somebody has to say so.
LOOK_AGAIN_AFTER = timedelta(seconds=60)


class Abstention:
    """Remembers what to leave alone, and says so once for each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[tuple[str, str]] = set()
        self._left = LeftAlone()
        self._ends_at: datetime | None = None

    def leave(self, claim: Claim, reason: str) -> None:
        """Leave tasks like this one alone for a while: of its workflow, or of its version from where it stands on."""
        with self._lock:
            if claim.steps_version:
                positions, version = dict(self._left.positions), claim.steps_version
                positions[version] = min(claim.position, positions.get(version, claim.position))
                self._left = LeftAlone(self._left.workflow_ids, positions)
            else:
                self._left = LeftAlone(self._left.workflow_ids | {claim.workflow_id}, self._left.positions)
            key = (claim.workflow_name, claim.steps_version)
            is_news = key not in self._said
            self._said.add(key)
        if is_news:
            log.warning("tasks_left_to_others", workflow=claim.workflow_name, reason=reason)

    def left_alone(self, *, now: datetime) -> LeftAlone:
        """Return what to leave alone now; every so often nothing, to look again."""
        with self._lock:
            if self._left != LeftAlone():
                if self._ends_at is None:
                    self._ends_at = now + LOOK_AGAIN_AFTER
                elif now >= self._ends_at:
                    self._left, self._ends_at = LeftAlone(), None
            return self._left
