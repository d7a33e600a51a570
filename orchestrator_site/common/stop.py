"""Ending a process that runs loops: SIGTERM and SIGINT."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog

log = structlog.get_logger(__name__)


class StopRequest:
    """Turns the first SIGTERM or SIGINT into `wait()` returning; a second one ends the process at once.

    A signal handler runs in the main thread between two byte codes, where setting a `threading.Event` can deadlock
    with the very wait it interrupts. So the main thread only waits here, on a pipe, and the loops run in threads.

    The kernel may give the signal to any of these, which does not interrupt the main thread: when that has just been
    continued, and is not running yet. So the interpreter itself writes into the pipe (`signal.set_wakeup_fd`).
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.has_failed = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number is not None:
            os._exit(128 + number)
        self.signal_number = number

    def start_thread(self, name: str, loop: Callable[[], None]) -> threading.Thread:
        """Run `loop` in a thread; should it ever return or raise before a stop was asked for, the process ends too."""
        thread = threading.Thread(target=self._guard, args=(name, loop), name=name, daemon=True)
        thread.start()
        return thread

    def _guard(self, name: str, loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception:  # the top of a loop: nothing above would see it
            log.exception("loop_crashed", loop=name)
        if self.signal_number is None:
            self.has_failed = True
            os.write(self._writer, b"f")

    def wait(self) -> None:
        """Return when a signal came or a loop ended by itself."""
        while self.signal_number is None and not self.has_failed:
            os.read(self._reader, 1)

    @property
    def exit_code(self) -> int:
        """The code to exit with: 0 after SIGTERM, 130 after Ctrl-C, 1 when a loop crashed."""
        if self.has_failed:
            return 1
        return 130 if self.signal_number == signal.SIGINT else 0
