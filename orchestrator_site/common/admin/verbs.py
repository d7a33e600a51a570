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
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue, Refused

# What a service raises when it does not do what was asked for.
REFUSALS = (Conflict, Forbidden, InvalidValue, Refused)


def say_refusal(label: str, error: Exception) -> str:
    """Return what to tell of a verb that was refused."""
    return f"{label}: {first_line(str(error))}"


def first_line(reason: str) -> str:
    """Return what says it all: below it there may be a table."""
    return reason.partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What can be done to a row.

    Attributes:
        name: The end of its address.
        permission: Who may, as `schedules.run_schedule`.
        act: Does it, for the row and a user, and returns what to tell.
        is_offered: Whether a row is in a state in which that is possible.
        is_allowed: Whether a user, who has the permission, may do it to this row.
        question: Asked before it is done, if it cannot be undone.
    """

    name: str
    label: str
    permission: str
    act: Callable[[Any, Any], str]
    is_offered: Callable[[Any], bool] = lambda _: True
    is_allowed: Callable[[Any, Any], bool] = lambda _row, _user: True
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

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the buttons that this user may press and that the state of the row allows."""
        row = kwargs.get("obj")
        offered = {"verbs": self._offered(request, row) if row else []}
        answer: HttpResponse = super().render_change_form(request, {**offered, **context}, **kwargs)
        return answer

    def verb_view(self, request: HttpRequest, object_id: UUID, *, verb: Verb) -> HttpResponse:
        """Do it, and go back to the row's page with what became of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.find_row(request, object_id, verb.permission)
        try:
            messages.success(request, verb.act(row, request.user))
            self.log_change(request, row, verb.label)
        except REFUSALS as error:
            messages.error(request, say_refusal(verb.label, error))
        return self.back_to(request, row)

    def find_row(self, request: HttpRequest, object_id: UUID, permission: str) -> Any:
        """Return the row to which something is to be done.

        Raises:
            PermissionDenied: The user may not do it.
            Http404: There is no such row.
        """
        if not request.user.has_perm(permission):
            raise PermissionDenied
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404
        return row

    def back_to(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Go back to the row's page; to the first page if the user may not see that."""
        if not self.has_view_permission(request, row):
            return redirect("admin:index")
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)

    def _offered(self, request: HttpRequest, row: Any) -> list[tuple[Verb, str]]:
        return [
            (verb, reverse(f"admin:{self._url_name(verb)}", args=[row.pk]))
            for verb in self.verbs
            if request.user.has_perm(verb.permission) and verb.is_offered(row) and verb.is_allowed(row, request.user)
        ]

    def _url_name(self, verb: Verb) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{verb.name}"
