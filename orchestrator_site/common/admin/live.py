"""Live parts: what a page asks for anew while somebody looks at it (static/admin-pages/live.js)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orchestrator_site.common.admin.pages import PageAdmin

RESULTS = "admin/live_results.html"


def is_part_wanted(request: HttpRequest) -> bool:
    """Tell whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"


class LiveListAdmin(PageAdmin):
    """A list whose table keeps itself fresh.

    Attributes:
        live_seconds: How often.
    """

    live_seconds = 5
    change_list_template = "admin/live_list.html"

    class Media:
        js = ("admin-pages/live-list.js",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, or the table alone if that is asked for."""
        more = {"live_seconds": self.live_seconds, "live_url": request.get_full_path(), **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, more)
        if isinstance(answer, TemplateResponse) and is_part_wanted(request):
            answer.template_name = RESULTS
        return answer
