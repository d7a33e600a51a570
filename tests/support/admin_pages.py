"""All pages of the admin, found by its own tables of addresses: a page that is new is among them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from orchestrator_site import admin_pages

MAX_ROWS = 20
# What they answer with is no page.
NO_PAGES = ("_autocomplete", "jsi18n")


def find_paths() -> Iterator[str]:
    """Return the paths of all pages: of each model its lists, those of one row, and the page of each other row."""
    for pattern in admin_pages.urlpatterns:
        if pattern.name:
            yield from _find_path(pattern.name, None)
    for name in ("admin:index", "admin:password_change", "admin:password_change_done"):
        yield reverse(name)
    for model, model_admin in admin.site._registry.items():
        yield from _find_paths_of(model, model_admin)
    for label in {model._meta.app_label for model in admin.site._registry}:
        yield reverse("admin:app_list", args=[label])


def _find_paths_of(model: type[Model], model_admin: "ModelAdmin[Any]") -> Iterator[str]:
    rows: list[Model | None] = list(model._default_manager.all()[:MAX_ROWS])
    for pattern in model_admin.get_urls():
        name = pattern.name
        if name is None or name.endswith(NO_PAGES):
            continue
        for row in (rows if name.endswith("_change") else rows[:1]) or [None]:
            yield from _find_path(f"admin:{name}", row)


def _find_path(name: str, row: Model | None) -> Iterator[str]:
    """Return the path of a page, if it needs no more than the row."""
    arguments: list[list[Any]] = [[], [row.pk]] if row else [[]]
    for each in arguments:
        try:
            yield reverse(name, args=each)
        except NoReverseMatch:
            continue
        return
