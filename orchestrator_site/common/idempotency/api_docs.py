"""How a POST that is answered once describes itself in the REST API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from orchestrator_site.common.idempotency.keys import (
    KEY_HEADER,
    MAX_KEY_CHARACTERS,
    REPLAYED_HEADER,
    StillBeingAnswered,
)

PARAMETERS: list[Any] = [
    OpenApiParameter(
        KEY_HEADER,
        {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[!-~]+$"},
        OpenApiParameter.HEADER,
        description="Names this request, so that it may be sent again: within 24 hours, the same one with the same key "
        "is not done a second time but gets its first answer again.",
        examples=[OpenApiExample("A UUID", value="0f2b7c1e-6f0d-4a53-9c38-2f1d7a3b9e64")],
    ),
    OpenApiParameter(
        REPLAYED_HEADER,
        {"const": "true", "type": "string"},
        OpenApiParameter.HEADER,
        response=[200, 201, 202],
        description="There if this is the answer to an earlier request with the same key.",
    ),
]


RETRY_AFTER = {
    "Retry-After": {
        "schema": {"type": "integer"},
        "description": "Seconds; there if another request with the same key is still being answered.",
    }
}
# What the examples of its errors say.
KEY_IN_USE = StillBeingAnswered.default_detail
KEY_USED = "the key was used for another body; take a new one"


def is_answered_once(view: Any, method: str) -> bool:
    """Tell whether a view, or its class, answers this method once for each key."""
    return hasattr(getattr(view, method.lower(), None), "is_answered_once")
