"""All pages of the admin that are opened by an address, found by the addresses that there are."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse
from django.views.generic import RedirectView

from orchestrator_site import admin_pages
from orchestrator_site.home.views import PARTS

# They answer no page: in or out, a redirect to another site, and what pages ask for by scripts.
NO_PAGES = {"login", "logout", "autocomplete", "jsi18n", "view_on_site"}
# Arguments of addresses that are not the key of a row; a token is found by how it begins.
ARGUMENTS: dict[str, Callable[[Any], object]] = {
    "app_label": lambda row: row._meta.app_label,
    "token_key": lambda row: row.token_key,
}

MAX_ROWS = 20

# By GET there is nothing: it answers to POST alone, nobody may open it, or it leads elsewhere.
WITHOUT_PAGE = {302, 403, 405}


class AdminPage(NamedTuple):
    """A page, by the name that Django gives its address."""

    name: str
    path: str


def find_pages(client: Client) -> list[AdminPage]:
    """Return one page of each name that this client can open; those of rows, for the first row that there is of each.

    Raises:
        AssertionError: An address has no name, or arguments that are not known here.
    """
    reverse("admin:index")  # the pages are registered when the first address is asked for
    of_models = [page for model in admin.site._registry for page in _find_pages_of(model)]
    found = [*_find_pages_of_site(), *of_models]
    return [page for page in found if client.get(page.path).status_code not in WITHOUT_PAGE]


def find_paths() -> Iterator[str]:
    """Return the paths of all addresses, also of those that take POST alone; and the page of each other row."""
    reverse("admin:index")
    yield from (page.path for page in _find_pages_of_site())
    for model in admin.site._registry:
        yield from (page.path for page in _find_pages_of(model))
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        for row in model._default_manager.order_by("pk")[1:MAX_ROWS]:
            try:
                yield reverse(name, args=[row.pk])
            except NoReverseMatch:  # its rows have no pages
                break


def _find_pages_of_site() -> Iterator[AdminPage]:
    for own in admin_pages.urlpatterns:
        if own.name == "admin-home-part":
            yield from (AdminPage(f"{part} of home", reverse(own.name, args=[part])) for part in PARTS)
        elif own.name:
            yield AdminPage(own.name, reverse(own.name))
    for pattern in admin.site.get_urls():
        if not isinstance(pattern, URLPattern) or pattern.name is None or pattern.name in NO_PAGES:
            continue
        if pattern.name == "app_list":
            for label in sorted({model._meta.app_label for model in admin.site._registry}):
                yield AdminPage(f"app_list of {label}", reverse("admin:app_list", args=[label]))
        else:
            yield AdminPage(pattern.name, reverse(f"admin:{pattern.name}"))


def _find_pages_of(model: type[Model]) -> Iterator[AdminPage]:
    row = model._default_manager.order_by("pk").first()
    for pattern in admin.site._registry[model].get_urls():
        if getattr(pattern.callback, "view_class", None) is RedirectView:
            continue
        assert pattern.name, f"{pattern} of {model.__name__} has no name by which it could be found"
        names = pattern.pattern.converters
        if names and row is None:
            continue
        values = {name: ARGUMENTS.get(name, _key)(row) for name in names}
        try:
            yield AdminPage(pattern.name, reverse(f"admin:{pattern.name}", kwargs=values))
        except NoReverseMatch as error:
            raise AssertionError(f"say in ARGUMENTS what stands in {pattern}") from error


def _key(row: Model) -> object:
    return row.pk
