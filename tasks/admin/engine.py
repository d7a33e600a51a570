"""The engine: whether it is frozen, by whom, until when and why; freezing and unfreezing it; past freezes."""

from copy import copy
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from orchestrator_site.common.admin.display import (
    moment_column,
    show_elapsed,
    show_line,
    show_moment,
    show_unbroken,
)
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.pages import ReadOnlyAdmin, for_user
from tasks.forms import FreezeForm
from tasks.freezing import current_freeze, unfreeze_engine
from tasks.models import EngineFreeze

FREEZE = "tasks.freeze_engine"


@admin.register(EngineFreeze)
class EngineFreezeAdmin(ReadOnlyAdmin):
    """The engine as it is now, and its freezes, the latest first."""

    list_display = ("started", "started_by", "why", "planned_end", "ended", "lasted", "ended_by_whom")
    list_display_links = None
    ordering = ("-started_at", "-id")
    empty_state = EmptyState(
        title=gettext_lazy("The engine has not been frozen yet"),
        text=gettext_lazy("Each freeze will be listed here: who froze the engine, why, and for how long."),
        icon="ac_unit",
    )
    list_before_template = "admin/tasks/enginefreeze/state.html"

    class Media:
        css: ClassVar = {"all": ("admin-pages/tasks.css",)}

    started = moment_column("started_at", gettext_lazy("frozen"))
    planned_end = moment_column("until", gettext_lazy("until"))

    def get_urls(self) -> list[URLPattern]:
        """Return the list and its two buttons; a freeze has no page of its own."""
        listed = [url for url in super().get_urls() if url.name == "tasks_enginefreeze_changelist"]
        freeze, unfreeze = self.admin_site.admin_view(self.freeze_view), self.admin_site.admin_view(self.unfreeze_view)
        return [
            *listed,
            path("freeze/", freeze, name="tasks_enginefreeze_freeze"),
            path("unfreeze/", unfreeze, name="tasks_enginefreeze_unfreeze"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may look at freezes, and whoever may make them."""
        return bool(super().has_view_permission(request, obj) or request.user.has_perm(FREEZE))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Add the freeze that is in force, and the form."""
        freeze = current_freeze(now=now())
        more: dict[str, Any] = {"heading": _("Engine"), "freeze": freeze, "may_freeze": request.user.has_perm(FREEZE)}
        if more["may_freeze"]:
            known = {"reason": freeze.reason, "until": freeze.until} if freeze else {}
            more["freeze_form"] = for_user(FreezeForm, request)(initial=known)
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    @method_decorator(require_POST)
    def freeze_view(self, request: HttpRequest) -> HttpResponse:
        """Freeze the engine, or show what is wrong with the form."""
        _check_may_freeze(request)
        form = for_user(FreezeForm, request)(request.POST)
        if form.is_valid():
            messages.success(
                request, _("The engine is frozen: nothing new starts, and tasks stop before their next step.")
            )
            return redirect("admin:tasks_enginefreeze_changelist")
        shown = copy(request)
        shown.method = "GET"  # the list takes a POST for an action on its rows
        return self.changelist_view(shown, {"freeze_form": form})

    @method_decorator(require_POST)
    def unfreeze_view(self, request: HttpRequest) -> HttpResponse:
        """Unfreeze the engine."""
        _check_may_freeze(request)
        if unfreeze_engine(actor=request.user.get_username()):
            messages.success(request, _("The engine runs again."))
        else:
            messages.warning(request, _("The engine was not frozen any more."))
        return redirect("admin:tasks_enginefreeze_changelist")

    @display(description=gettext_lazy("reason"))
    def why(self, freeze: EngineFreeze) -> str | None:
        """Show why."""
        return show_line(freeze.reason)

    @display(description=gettext_lazy("ended"))
    def ended(self, freeze: EngineFreeze) -> str | None:
        """Show when it ended, which it also does when nobody has written that down yet."""
        return show_unbroken(show_moment(_end_of(freeze)))

    @display(description=gettext_lazy("lasted"))
    def lasted(self, freeze: EngineFreeze) -> str | None:
        """Show for how long nothing went on."""
        end = _end_of(freeze)
        return show_unbroken(show_elapsed((end or now()) - freeze.started_at))

    @display(description=gettext_lazy("ended by"))
    def ended_by_whom(self, freeze: EngineFreeze) -> str | None:
        """Show who ended it."""
        return _("its end") if _has_run_out(freeze) else freeze.ended_by or None


def _end_of(freeze: EngineFreeze) -> datetime | None:
    return freeze.ended_at or (freeze.until if _has_run_out(freeze) else None)


def _has_run_out(freeze: EngineFreeze) -> bool:
    return freeze.ended_at is None and freeze.until is not None and freeze.until <= now()


def _check_may_freeze(request: HttpRequest) -> None:
    if not request.user.has_perm(FREEZE):
        raise PermissionDenied
