"""Finding the functions that are scheduled in code."""

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from types import ModuleType

import structlog
from django.conf import settings

import schedules
from schedules.scheduling import accept_all_schedulers
from workflows.discovery import import_app_modules

log = structlog.get_logger(__name__)


def load_decorated_functions() -> None:
    """Import the modules that schedule functions: those in SCHEDULE_MODULES, and `schedules` of each app in EXTRA_APPS.

    One that fails is logged; it keeps neither the others nor the stored schedules from running.
    """
    for name in schedules.SCHEDULE_MODULES:
        _load(f"schedules{name}", partial(_import_own, name))
    for app in settings.EXTRA_APPS:
        _load(f"{app}.schedules", partial(import_app_modules, [app], "schedules"))


def _import_own(name: str) -> list[ModuleType]:
    return [import_module(name, schedules.__name__)]


def _load(place: str, load: Callable[[], Iterable[ModuleType]]) -> None:
    try:
        for module in load():
            accept_all_schedulers(module)
    except (Exception, SystemExit):  # user code: importing it may raise anything
        log.exception("schedule_module_failed", module=place)
