"""What a browser may load and run on our pages: nothing from any other host.

https://www.w3.org/TR/CSP3/ has the directives.
"""

from dataclasses import replace
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orchestrator_site.common.admin.way_back import ADMIN_PREFIX

STRICT: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
# The admin's pages are built on Alpine.js, which evaluates the expressions in their attributes. Inline styles are those
# of django-unfold's colours, of htmx and of the scroll bars that SimpleBar makes; there is no inline script.
ADMIN: dict[str, Any] = {
    **STRICT,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}


class ContentSecurityMiddleware(CSPMiddleware):
    """Sends the strict policy everywhere but on the admin's pages, which need one of their own."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> PolicyParts:
        """Return the policy for one answer; a view's decorators add to it."""
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        if not request.path_info.startswith(ADMIN_PREFIX) or kwargs.get("report_only"):
            return parts
        return replace(parts, config=parts.config or ADMIN)
