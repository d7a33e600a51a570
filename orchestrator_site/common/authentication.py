"""Who asks: the user of a bearer token."""

from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """Knox's tokens; a header that cannot be one is refused before it is decoded or asked of the database."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """Return the user and the token.

        Raises:
            AuthenticationFailed: No valid token of an active user is this one.
        """
        if not token.isalnum():  # for bytes, letters and digits of ASCII only
            raise AuthenticationFailed("Invalid token.")
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found
