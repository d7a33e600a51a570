"""What the admin pages of all apps share."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """Shows rows to those who may view them; nobody changes one here, since every write goes through a service."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A page of rows that cannot be changed."""


class ReadOnlyInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows within a page, which cannot be changed."""

    extra = 0
