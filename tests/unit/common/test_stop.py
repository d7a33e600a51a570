"""A stop request is heard whichever thread of the process the kernel gives the signal to."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings

# The thread comes first, so that it does not have the mask of the main thread, which then cannot be given the signal.
WAITING = """
import signal, threading
from orchestrator_site.common.stop import StopRequest
stop = StopRequest()
stop.start_thread("another", threading.Event().wait)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
print("waits", flush=True)
stop.wait()
print(stop.exit_code)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, "0"), (signal.SIGINT, "130")])
def test_a_signal_that_another_thread_is_given_ends_the_wait(number: signal.Signals, code: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waits\n"
        waiting.send_signal(number)
        try:
            printed, _ = waiting.communicate(timeout=20)
        finally:
            waiting.kill()
    assert printed.strip() == code
