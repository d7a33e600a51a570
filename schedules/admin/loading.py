"""Loading the schedules that every installation wants, from the list that has none."""

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchestrator_site.common.admin.display import show_left_alone
from orchestrator_site.common.admin.pages import PageAdmin
from schedules.initial import Loaded, load_initial_schedules

log = structlog.get_logger(__name__)


class LoadingAdmin(PageAdmin):
    """A list that can be filled with the initial schedules."""

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the button."""
        view = self.admin_site.admin_view(self.load_initial_view)
        return [path("load-initial/", view, name="schedules_schedule_load_initial"), *super().get_urls()]

    def load_initial_view(self, request: HttpRequest) -> HttpResponse:
        """Load those that are not there yet, and say of each that could not be loaded why."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        count, problems = 0, []
        try:
            for initial, loaded, problem in load_initial_schedules(actor=request.user.get_username()):
                count += loaded == Loaded.CREATED
                if loaded in {Loaded.NO_WORKFLOW, Loaded.INVALID}:
                    problems.append((initial.name, problem or _("its workflow is not there")))
        except (Exception, SystemExit) as error:  # importing a user's module may raise anything
            log.exception("initial_schedules_not_read")
            problems.append((_("an app's own schedules"), f"{type(error).__name__}: {error}"))
        told = ngettext("%(count)s schedule was loaded.", "%(count)s schedules were loaded.", count)
        messages.success(request, told % {"count": count})
        if problems:
            messages.warning(request, show_left_alone(problems))
        return redirect("admin:schedules_schedule_changelist")
