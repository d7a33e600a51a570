"""The heartbeat of a scheduler: it shows that the process is alive while its loop is busy."""

import threading
import time
from collections import deque
from datetime import datetime

import structlog
from django.db import Error as DatabaseProblem
from django.db import connections

from orchestrator_site.common.ids import new_process_id
from schedules.decorated.knowledge import know_functions
from schedules.liveness import TICK_EVERY, Pulse
from schedules.processes import forget_process, see_process
from workflows.releases.recording import ReleaseWatch

log = structlog.get_logger(__name__)

COUNTED_SECONDS = 60.0


class Activity:
    """What the loop of this process does: the loop notes it, and the heartbeat tells it to everybody else."""

    def __init__(self) -> None:
        self.looked_at: datetime | None = None
        self._firings: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def note_firings(self, count: int, *, at: float) -> None:
        """Note that a turn has decided so many instants; `at` is the monotonic time."""
        if count:
            with self._lock:
                self._firings.append((at, count))
                self._drop_old(at)

    def firings_per_minute(self, *, at: float) -> int:
        """Return how many instants were decided in the minute up to `at`, the monotonic time."""
        with self._lock:
            self._drop_old(at)
            return sum(count for _, count in self._firings)

    def _drop_old(self, at: float) -> None:
        while self._firings and self._firings[0][0] <= at - COUNTED_SECONDS:
            self._firings.popleft()


class Heartbeat:
    """Ticks the pulse and renews the row of this process every 5 s, in a thread with a connection of its own.

    It also says which release of the code the process runs.
    """

    def __init__(self, *, pulse: Pulse, activity: Activity) -> None:
        self.name = new_process_id()
        self._pulse = pulse
        self._activity = activity
        self._releases = ReleaseWatch(process=self.name, know_others=lambda: [know_functions()])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat, at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, wait for it, and remove the row: who ends in order is not missed."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._beat()
            except Exception:  # the top of a loop: without it a busy scheduler would look dead
                log.exception("heartbeat_failed", scheduler=self.name)
                connections.close_all()
            if self._stop.wait(TICK_EVERY.total_seconds()):
                break
        self._forget()
        connections.close_all()

    def _beat(self) -> None:
        now = self._pulse.tick()
        see_process(
            name=self.name,
            now=now,
            last_tick_at=self._activity.looked_at,
            firings_per_minute=self._activity.firings_per_minute(at=time.monotonic()),
        )
        self._releases.look(now=now)

    def _forget(self) -> None:
        try:
            forget_process(name=self.name)
        except DatabaseProblem as error:  # then it counts as dead after a while
            log.warning("scheduler_not_forgotten", scheduler=self.name, reason=str(error).strip())
