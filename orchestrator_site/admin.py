"""The admin pages of the libraries: users and groups, API tokens, and the jobs that are scheduled in code."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Field
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from knox.models import AuthToken
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from orchestrator_site.common.admin.display import (
    BAD,
    GOOD,
    ODD,
    list_link,
    moment_column,
    page_link,
    show_block,
    show_label,
    show_link,
)
from orchestrator_site.common.admin.filters import NamedChoicesFilter
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from orchestrator_site.common.admin.viewer import may_open

# Their own names are not translated.
for _model, _one, _many in (
    (AuthToken, gettext_lazy("API token"), gettext_lazy("API tokens")),
    (DjangoJob, gettext_lazy("job scheduled in code"), gettext_lazy("jobs scheduled in code")),
    (DjangoJobExecution, gettext_lazy("execution of a job"), gettext_lazy("executions of jobs")),
):
    _model._meta.verbose_name, _model._meta.verbose_name_plural = _one, _many
    _model._meta.app_config.verbose_name = gettext_lazy("Scheduled in code") if _model is not AuthToken else _many
for _field, _label in (
    (DjangoJob._meta.get_field("id"), gettext_lazy("id")),
    (DjangoJobExecution._meta.get_field("duration"), gettext_lazy("duration")),
    (DjangoJobExecution._meta.get_field("exception"), gettext_lazy("exception")),
):
    _field.verbose_name = _label

# The stock pages of jobs unpickle what is stored and run it in the web process; those of tokens show digests.
admin.site.unregister([User, Group, AuthToken, DjangoJob, DjangoJobExecution])

EXECUTION_COLOURS = {
    DjangoJobExecution.SUCCESS: GOOD,
    DjangoJobExecution.ERROR: BAD,
    DjangoJobExecution.MISSED: ODD,
    DjangoJobExecution.MAX_INSTANCES: ODD,
}


@admin.register(User)
class UserAdmin(StockUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]  # unfold ships no types
    """Users; API tokens are made by `manage.py tokens create`."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Field | None:
        """Leave out what would add or change a group from here, on a page of its own: those are in the navigation."""
        field: Field | None = super().formfield_for_dbfield(*args, **kwargs)
        if isinstance(widget := getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return field


@admin.register(Group)
class GroupAdmin(StockGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Groups."""


@admin.register(AuthToken)
class TokenAdmin(ReadOnlyAdmin):
    """API tokens: whose they are and how long they live. A token itself is not stored, its digest is never shown.

    As the digest is the primary key, rows have no page of their own; the address of a revocation has the token's first
    characters, by which knox finds it.
    """

    list_display = ("token", "owner", "created_at", "expires_at", "revocation")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__username",)
    search_help_text = gettext_lazy("Name of a user")
    ordering = ("-created",)

    created_at = moment_column("created", gettext_lazy("created"))
    expires_at = moment_column("expiry", gettext_lazy("expires"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse what would tell a digest by comparing with it."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        """Return the list and the revocation, and none of the addresses that hold a digest."""
        listed = [url for url in super().get_urls() if url.name == "knox_authtoken_changelist"]
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [*listed, path("<str:token_key>/revoke/", revoke, name="knox_authtoken_revoke")]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leave the revocation out for those who may not."""
        may_revoke = request.user.has_perm("knox.delete_authtoken")
        return [name for name in self.list_display if name != "revocation" or may_revoke]

    def revoke_view(self, request: HttpRequest, token_key: str) -> HttpResponse:
        """Ask about a revocation, or do it."""
        if not request.user.has_perm("knox.delete_authtoken"):
            raise PermissionDenied
        found = AuthToken.objects.filter(token_key=token_key).select_related("user")
        token = found.first()
        if token is None:
            raise Http404
        if request.method == "POST":
            found.delete()
            messages.success(
                request, _("A token of %(user)s was revoked: it is refused from now on.") % {"user": token.user}
            )
            return redirect("admin:knox_authtoken_changelist")
        context = {**self.admin_site.each_context(request), "title": _("Revoke a token"), "token": token}
        return TemplateResponse(request, "admin/knox/authtoken/revoke.html", context)

    @display(description=gettext_lazy("user"))
    def owner(self, token: AuthToken) -> str:
        """Show whose it is."""
        return str(token.user)

    @display(description=gettext_lazy("begins with"))
    def token(self, token: AuthToken) -> str:
        """Show how it begins, so that its owner knows it."""
        return format_html("<code>{}…</code>", token.token_key[:8])

    @display(description=gettext_lazy("revoke"))
    def revocation(self, token: AuthToken) -> str:
        """Link to the question."""
        return show_link(reverse("admin:knox_authtoken_revoke", args=[token.token_key]), _("Revoke"))


@admin.register(DjangoJob)
class JobAdmin(ReadOnlyAdmin):
    """Functions that are scheduled by decorator. What is stored of them is never read here."""

    list_display = ("id", "next_run")
    search_fields = ("id",)
    search_help_text = gettext_lazy("Name of a job")
    ordering = ("id",)
    fields = ("id", "next_run", "executions")
    readonly_fields = fields

    next_run = moment_column("next_run_time", gettext_lazy("next run"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DjangoJob]:
        """Leave out the column that holds code."""
        queryset: QuerySet[DjangoJob] = super().get_queryset(request).defer("job_state")
        return queryset

    @display(description=gettext_lazy("what it did"))
    def executions(self, job: DjangoJob) -> str | None:
        """Link to its executions."""
        if not may_open("django_apscheduler_djangojobexecution"):
            return None
        return list_link(
            "django_apscheduler_djangojobexecution", urlencode({"job__id__exact": job.pk}), _("Executions")
        )


def execution_words() -> dict[str, str]:
    """Return what became of a run, in words."""
    return {
        DjangoJobExecution.SENT: _("started"),
        DjangoJobExecution.SUCCESS: _("passed"),
        DjangoJobExecution.ERROR: _("failed"),
        DjangoJobExecution.MISSED: _("missed"),
        DjangoJobExecution.MAX_INSTANCES: _("skipped for overlap"),
    }


class ExecutionFilter(NamedChoicesFilter):
    """Executions by what became of them."""

    words = staticmethod(execution_words)


@admin.register(DjangoJobExecution)
class JobExecutionAdmin(ReadOnlyAdmin):
    """What became of each run of such a function."""

    list_display = ("ran", "job_link", "status_label", "duration", "exception")
    list_filter = (("status", ExecutionFilter),)
    search_fields = ("job__id",)
    search_help_text = gettext_lazy("Name of a job")
    ordering = ("-id",)
    fields = ("job_link", "status_label", "ran", "duration", "exception", "full_traceback")
    readonly_fields = fields

    ran = moment_column("run_time", gettext_lazy("run at"))

    @display(description=gettext_lazy("status"))
    def status_label(self, execution: DjangoJobExecution) -> str:
        """Show what became of it."""
        return show_label(execution.status, EXECUTION_COLOURS, execution_words())

    @display(description=gettext_lazy("job"))
    def job_link(self, execution: Any) -> str:
        """Link to the function."""
        return page_link("django_apscheduler_djangojob", execution.job_id, execution.job_id)

    @display(description=gettext_lazy("traceback"))
    def full_traceback(self, execution: DjangoJobExecution) -> str | None:
        """Show it with its line breaks."""
        return show_block(execution.traceback) if execution.traceback else None
