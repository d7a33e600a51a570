"""Who may do what: one Django permission per verb."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # it imports the default permissions, which are these
    from rest_framework.views import APIView

SAFE_METHODS = {"HEAD": "GET", "OPTIONS": "GET"}


class VerbPermissions(BasePermission):
    """Asks for the permission that the view's `permissions` names for the method; a method without one is refused."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether the user may; anonymous never.

        Raises:
            MethodNotAllowed: The view names no permission for the method.
            PermissionDenied: The user is known but has not the permission, which is named.
        """
        if not request.user.is_authenticated:
            return False
        permissions: Mapping[str, str] = getattr(view, "permissions", {})
        method = str(request.method)
        wanted = permissions.get(SAFE_METHODS.get(method, method))
        if wanted is None:
            raise MethodNotAllowed(method)
        if not request.user.has_perm(wanted):
            raise PermissionDenied(f"{request.user.get_username()} needs the permission '{wanted}' for {method}")
        return True
