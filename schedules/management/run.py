"""Fire schedules until Ctrl-C or SIGTERM; run their tasks as well, unless told not to."""

import threading
from argparse import ArgumentParser
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import OutputWrapper

from orchestrator_site.common.clock import DatabaseClock
from orchestrator_site.common.stop import StopRequest
from orchestrator_site.common.wakeup import SCHEDULES_CHANGED, Listener
from schedules.loading import load_decorated_functions
from schedules.planned_load import CLOCK_RESYNC_SECONDS, keep_load_fresh
from schedules.scheduler import Scheduler
from tasks.worker import worker_from_settings

log = structlog.get_logger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    """Take the options of `run`."""
    parser.add_argument("--no-worker", action="store_true", help="only fire; separate workers run the tasks")


def run(stdout: OutputWrapper, stderr: OutputWrapper, options: dict[str, Any]) -> int:
    """Start the loops in threads and wait; 0 after SIGTERM, 130 after Ctrl-C, 1 when a loop crashed."""
    stop = StopRequest()
    load_decorated_functions()
    scheduler = Scheduler(batch_size=settings.FIRING_BATCH_SIZE, poll_seconds=settings.POLL_SECONDS)
    worker = None if options["no_worker"] else worker_from_settings()
    wakes = {SCHEDULES_CHANGED: scheduler.wakeup} | (worker.wakes if worker else {})
    listener = Listener(wakes)
    threads = [stop.start_thread("scheduler", scheduler.run)]
    if worker:
        threads.append(stop.start_thread("worker", worker.run))
    is_stopping = threading.Event()
    clock = DatabaseClock(resync_seconds=CLOCK_RESYNC_SECONDS)
    threads.append(stop.start_thread("planned load", partial(keep_load_fresh, is_stopping, clock=clock)))
    listener.start()
    log.info("scheduler_running", poll_seconds=settings.POLL_SECONDS, has_worker=worker is not None)
    stop.wait()
    log.info("scheduler_stopping")
    scheduler.shutdown()
    is_stopping.set()
    if worker:
        worker.stop()
    for thread in threads:
        thread.join()
    listener.stop()
    return stop.exit_code
