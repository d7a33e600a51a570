"""Verbs: buttons on the page of a row. Each is a POST with a permission of its own, and calls one service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from orchestrator_site.common.admin.pages import PageAdmin
from orchestrator_site.common.errors import Conflict, InvalidValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What can be done to a row.

    Attributes:
        name: The end of its address.
        permission: Who may, as `schedules.run_schedule`.
        act: Does it, for the row and a user name, and returns what to tell.
        is_offered: Whether a row's page has the button.
        question: Asked before it is done, if it cannot be undone.
    """

    name: str
    label: str
    permission: str
    act: Callable[[Any, str], str]
    is_offered: Callable[[Any], bool] = lambda _: True
    question: str = ""


class VerbsAdmin(PageAdmin):
    """A page with buttons."""

    verbs: Sequence[Verb] = ()
    change_form_outer_before_template = "admin/verbs.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of each verb."""
        own = [
            path(
                f"<uuid:object_id>/{verb.name}/",
                self.admin_site.admin_view(partial(self.verb_view, verb=verb)),
                name=self._url_name(verb),
            )
            for verb in self.verbs
        ]
        return own + list(super().get_urls())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add the buttons that this user may press and that the state of the row allows."""
        row = self.get_object(request, object_id) if object_id else None
        context = {"verbs": self._offered(request, row) if row else [], **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def verb_view(self, request: HttpRequest, object_id: UUID, *, verb: Verb) -> HttpResponse:
        """Do it, and go back to the row's page with what became of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(verb.permission):
            raise PermissionDenied
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404
        try:
            messages.success(request, verb.act(row, request.user.get_username()))
            self.log_change(request, row, verb.label)
        except (Conflict, InvalidValue) as error:
            messages.error(request, f"{verb.label}: {error}")
        if not self.has_view_permission(request, row):
            return redirect("admin:index")
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)

    def _offered(self, request: HttpRequest, row: Any) -> list[tuple[Verb, str]]:
        return [
            (verb, reverse(f"admin:{self._url_name(verb)}", args=[row.pk]))
            for verb in self.verbs
            if request.user.has_perm(verb.permission) and verb.is_offered(row)
        ]

    def _url_name(self, verb: Verb) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{verb.name}"
