"""Going back to the page from which something was asked for."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

ADMIN_PREFIX = "/admin/"
PARAMETER = "back"


def find_way_back(request: HttpRequest, *, otherwise: str = ADMIN_PREFIX) -> str:
    """Return the page to go back to, which the address or the form names: one of ours, whatever it says."""
    wanted = request.POST.get(PARAMETER) or request.GET.get(PARAMETER) or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(ADMIN_PREFIX)
    return wanted if is_ours else otherwise
