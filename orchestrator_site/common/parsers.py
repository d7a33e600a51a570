"""Reading the bodies of requests."""

import json
from collections.abc import Iterable
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY_BYTES = 1_000_000
MAX_DEPTH = 100  # what is read here is written again, with a few more frames on the stack; SQLite reads 1,000


class BodyTooLarge(APIException):
    """The body has more bytes than are read."""

    status_code = 413
    default_detail = f"The body may have {MAX_BODY_BYTES} bytes at most."


class BoundedJSONParser(JSONParser):
    """Parses JSON, up to a size and a depth."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return the parsed body.

        Raises:
            BodyTooLarge: It is longer than MAX_BODY_BYTES.
            ParseError: It is no JSON, nested too deeply, or holds text that has no encoding or a number out of range.
        """
        request = (parser_context or {}).get("request")
        if request is not None and int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            body: dict[str, Any] = super().parse(stream, media_type, parser_context)
            json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        except RecursionError as error:
            raise ParseError(f"JSON parse error - nested too deeply: {MAX_DEPTH} levels at most") from error
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error - a string holds half of a surrogate pair") from error
        except ValueError as error:  # 1e999 is read as infinity, which is not JSON
            raise ParseError("JSON parse error - a number is out of range") from error
        if is_too_deep(body):
            raise ParseError(f"JSON parse error - nested too deeply: {MAX_DEPTH} levels at most")
        return body


def is_too_deep(body: Any) -> bool:
    """Tell whether objects and lists are nested deeper than MAX_DEPTH."""
    level = [body]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
    return any(isinstance(each, dict | list) for each in level)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
