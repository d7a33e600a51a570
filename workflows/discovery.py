"""Finding the user's own Django apps and modules of theirs."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import AppConfig, apps


def find_app_configs(app_names: Iterable[str]) -> list[AppConfig]:
    """Return the installed apps of these names, each that of a package or, as `acme.apps.AcmeConfig`, of its class."""
    names = list(app_names)
    found = {}
    for config in apps.get_app_configs():
        found[config.name] = found[f"{type(config).__module__}.{type(config).__qualname__}"] = config
    return [found[name] for name in names if name in found]


def import_app_modules(app_names: Iterable[str], module_name: str) -> list[ModuleType]:
    """Import `<app>.<module_name>` of each app that has one and return them; an error inside of one is raised."""
    names = [f"{config.name}.{module_name}" for config in find_app_configs(app_names)]
    return [import_module(name) for name in names if find_spec(name) is not None]
