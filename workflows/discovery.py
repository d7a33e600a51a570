"""Finding modules of the user's own Django apps."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def import_app_modules(app_names: Iterable[str], module_name: str) -> list[ModuleType]:
    """Import `<app>.<module_name>` of each app that has one and return them; an error inside of one is raised."""
    found = []
    for app_name in app_names:
        package = app_name.split(".apps.")[0]
        name = f"{package}.{module_name}"
        if find_spec(name) is not None:
            found.append(import_module(name))
    return found
