"""Verbs: what can be done from the page of a row, or from a list, by a button or by a form on a page of its own.

Each has a permission of its own, is done by a POST, and calls one service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from orchestrator_site.common.admin.forms import ServiceForm
from orchestrator_site.common.admin.pages import PageAdmin
from orchestrator_site.common.admin.texts import Text
from orchestrator_site.common.admin.way_back import find_way_back
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue, Refused

# What a service raises when it does not do what was asked for.
REFUSALS = (Conflict, Forbidden, InvalidValue, Refused)


def say_refusal(label: Text, error: Exception) -> str:
    """Return what to tell of a verb that was refused."""
    return f"{label}: {first_line(str(error))}"


def first_line(reason: str) -> str:
    """Return what says it all: below it there may be a table."""
    return reason.partition("\n")[0]


def read_back(request: HttpRequest) -> str:
    """Return the address of the list, at its place, from which somebody came; empty if it is none of the admin's."""
    return find_way_back(request, otherwise="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What can be done to a row.

    Attributes:
        name: The end of its address.
        permission: Who may, as `schedules.run_schedule`.
        is_offered: Whether a row is in a state in which that is possible.
        is_allowed: Whether a user, who has the permission, may do it to this row.
    """

    name: str
    label: Text
    permission: str
    is_offered: Callable[[Any], bool] = lambda _: True
    is_allowed: Callable[[Any, Any], bool] = lambda _row, _user: True


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonVerb(Verb):
    """What a button does.

    Attributes:
        act: Does it, for the row and a user, and returns what to tell.
        question: Asked before it is done, if it cannot be undone.
    """

    act: Callable[[Any, Any], str]
    question: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormVerb(Verb):
    """What a form does, to whose page a link leads.

    Attributes:
        make_form: Returns the form for a row, with what was sent if something was.
        tell: Returns what to tell once a form was taken.
        is_done: Whether a form that is valid has done it; one that has not has only looked ahead, and is shown again.
        hint: What the page says above the form.
        template: Of the page.
        describe: Returns what the template shows of a form besides its fields.
    """

    make_form: Callable[[HttpRequest, Any], ServiceForm]
    tell: Callable[[Any], str]
    is_done: Callable[[Any], bool] = lambda _: True
    hint: Text = ""
    template: str = "admin/verb_form.html"
    describe: Callable[[Any], dict[str, Any]] = lambda _: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkVerb(Verb):
    """What another page does, which has the form for it.

    Attributes:
        go_to: Returns the address of that page for a row.
    """

    go_to: Callable[[Any], str]


class VerbsAdmin(PageAdmin):
    """A page with verbs."""

    verbs: Sequence[Verb] = ()
    change_form_outer_before_template = "admin/verbs.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the address of each verb."""
        own = [
            path(
                f"<uuid:object_id>/{verb.name}/",
                self.admin_site.admin_view(self._view_of(verb)),
                name=self._url_name(verb),
            )
            for verb in self.verbs
        ]
        return own + list(super().get_urls())

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the buttons and links that this user may follow and that the state of the row allows."""
        row = kwargs.get("obj")
        offered = self._offered(request, row) if row else {}
        answer: HttpResponse = super().render_change_form(request, {**offered, **context}, **kwargs)
        return answer

    def button_view(self, request: HttpRequest, object_id: UUID, *, verb: ButtonVerb) -> HttpResponse:
        """Do it, and go back to the row's page with what became of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.find_row(request, object_id, verb.permission)
        try:
            messages.success(request, verb.act(row, request.user))
            self.log_change(request, row, str(verb.label))
        except REFUSALS as error:
            messages.error(request, say_refusal(verb.label, error))
        return self.back_to(request, row)

    def form_view(self, request: HttpRequest, object_id: UUID, *, verb: FormVerb) -> HttpResponse:
        """Show the form, or do what was filled in, and go back to the row's page with what became of it."""
        row = self.find_row(request, object_id, verb.permission)
        form = verb.make_form(request, row)
        if form.is_valid() and verb.is_done(form):
            messages.success(request, verb.tell(form))
            self.log_change(request, row, str(verb.label))
            return self.back_to(request, row)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb.label}: {row}",
            "opts": self.opts,
            "original": row,
            "verb": verb,
            "back_url": read_back(request) or self._page_of(request, row),
            "form": form,
            "media": self.media + form.media,
            **verb.describe(form),
        }
        return TemplateResponse(request, verb.template, context)

    def link_view(self, request: HttpRequest, object_id: UUID, *, verb: LinkVerb) -> HttpResponse:
        """Go to the page that does it."""
        return redirect(verb.go_to(self.find_row(request, object_id, verb.permission)))

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
        """Go back to the list it came from, or to the row's page; to the first page if the user may not see that."""
        return redirect(read_back(request) or self._page_of(request, row))

    def _page_of(self, request: HttpRequest, row: Any) -> str:
        if not self.has_view_permission(request, row):
            return reverse("admin:index")
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def _view_of(self, verb: Verb) -> Callable[..., HttpResponse]:
        if isinstance(verb, FormVerb):
            return partial(self.form_view, verb=verb)
        if isinstance(verb, LinkVerb):
            return partial(self.link_view, verb=verb)
        assert isinstance(verb, ButtonVerb), "a verb is done by a button or by a form"
        return partial(self.button_view, verb=verb)

    def url_of(self, verb: Verb, row: Any) -> str:
        """Return the address at which it is done to a row."""
        return reverse(f"admin:{self._url_name(verb)}", args=[row.pk])

    def _offered(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return the verbs with their addresses, those with a button and those with a page of their own."""
        offered = [
            (verb, self.url_of(verb, row))
            for verb in self.verbs
            if request.user.has_perm(verb.permission) and verb.is_offered(row) and verb.is_allowed(row, request.user)
        ]
        return {
            "verbs": [(verb, url) for verb, url in offered if isinstance(verb, ButtonVerb)],
            "form_verbs": [(verb, url) for verb, url in offered if not isinstance(verb, ButtonVerb)],
        }

    def _url_name(self, verb: Verb) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{verb.name}"
