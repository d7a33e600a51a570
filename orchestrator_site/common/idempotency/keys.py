"""The headers of a request with a key, what the key stands for, and what may be wrong with that."""

import hashlib
import json
import re
from http import HTTPStatus
from typing import Any

from django.utils.encoding import escape_uri_path
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from orchestrator_site.common.errors import InvalidValue

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_CHARACTERS = 255
RETRY_AFTER_SECONDS = 5

_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY_CHARACTERS}}}")


class StillBeingAnswered(APIException):
    """Another request with the same key has not come to its end."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "a request with this key is still being answered; send it again later"
    wait = RETRY_AFTER_SECONDS  # as the framework reads it: the header Retry-After


def read_key(request: Request) -> str | None:
    """Return the key of a request; None if it has none.

    Raises:
        InvalidValue: What stands in the header cannot be one.
    """
    key: str | None = request.headers.get(KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidValue(
            f"give 1 to {MAX_KEY_CHARACTERS} visible ASCII characters, such as a UUID", field=KEY_HEADER, value=key
        )
    return key


def path_of(request: Request) -> str:
    """Return the path, quoted, so that it can be stored whatever it holds; a slash at its end makes no difference."""
    return escape_uri_path(request.path).rstrip("/")


def hash_body(body: Any) -> str:
    """Return the SHA-256 of a JSON value; how it was spaced and in which order its keys came makes no difference."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
