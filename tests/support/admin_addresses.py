"""All addresses of the admin, pages or not, found by its own table of them: one that is new is among them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from orchestrator_site.home.views import PARTS

PREFIX = "admin/"
# Whoever asks for them is led on, or told that there is nothing.
NOT_THERE = ("/admin/nothing/", "/admin/tasks/task/nothing/")


def find_addresses(*, most_rows: int = 1) -> list[str]:
    """Return the addresses of everything below /admin/, with a row that is there.

    Args:
        most_rows: Of so many rows of a model the address of the page is returned.

    Raises:
        NoReverseMatch: An address takes something that is not known here.
    """
    named = dict(_list_patterns(get_resolver(), path="", namespace=""))
    found = [address for name, pattern in named.items() for address in _fill(name, pattern, most_rows)]
    return [*found, *NOT_THERE]


def _list_patterns(resolver: URLResolver, *, path: str, namespace: str) -> Iterator[tuple[str, URLPattern]]:
    """Yield the patterns below /admin/ by name; what has none leads on to one that has."""
    for each in resolver.url_patterns:
        below = f"{path}{each.pattern}"
        if not below.startswith(PREFIX):
            continue
        if isinstance(each, URLResolver):
            inside = f"{each.namespace}:" if each.namespace else namespace
            yield from _list_patterns(each, path=below, namespace=inside)
        elif each.name:
            yield f"{namespace}{each.name}", each


def _fill(name: str, pattern: URLPattern, most_rows: int) -> Iterator[str]:
    """Yield the addresses of a pattern: with each of what it may be about."""
    parameters = list(pattern.pattern.regex.groupindex)
    rows = _rows_of(name.removeprefix("admin:"))
    rows = rows[: most_rows if name.endswith("_change") else 1]
    for values in _values(parameters, rows):
        yield reverse(name, kwargs=dict(zip(parameters, values, strict=True)))


def _values(parameters: Sequence[str], rows: Sequence[Any]) -> Iterator[Sequence[object]]:
    match parameters:
        case []:
            yield ()
        case ["object_id"]:
            yield from ((quote(row.pk),) for row in rows)
        case ["id"]:
            yield from ((user.pk,) for user in User.objects.all()[:1])
        case ["token_key"]:
            yield from ((row.token_key,) for row in rows)
        case ["part"]:
            yield from ((part,) for part in PARTS)
        case ["app_label"]:
            yield from ((label,) for label in {model._meta.app_label for model in admin.site._registry})
        case ["content_type_id", "object_id"]:  # to the page that a row has elsewhere, and none has
            return
        case _:
            raise AssertionError(f"say here what {parameters} may be")


def _rows_of(name: str) -> list[Model]:
    """Return rows of the model whose addresses begin so."""
    found: list[tuple[type[Model], ModelAdmin[Any]]] = [
        (model, each)
        for model, each in admin.site._registry.items()
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_")
    ]
    if not found:
        return []
    [(model, _)] = found
    rows = list(model._default_manager.all())
    assert rows, f"there is no row of {model.__name__} to look at"
    return rows
