"""Making the POST of a view one that is answered once."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import is_success
from rest_framework.views import APIView

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import write_transaction
from orchestrator_site.common.idempotency.keys import REPLAYED_HEADER, hash_body, path_of, read_key
from orchestrator_site.common.idempotency.models import IdempotencyKey
from orchestrator_site.common.idempotency.services import claim_key, keep_answer

View = TypeVar("View", bound=APIView)
Arguments = ParamSpec("Arguments")
Handler = Callable[Concatenate[View, Request, Arguments], Response]

log = structlog.get_logger(__name__)


def answer_once(handler: Handler[View, Arguments]) -> Handler[View, Arguments]:
    """Have a handler that writes take `Idempotency-Key`.

    With a key it runs inside of the transaction that stores its answer. What it refuses writes nothing, and its key
    goes with it: the corrected request may use it. Without a key nothing is different.
    """

    @wraps(handler)
    def answer(view: View, request: Request, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
        key = read_key(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        assert request.user.is_authenticated, "the permissions of the view have asked for a user"
        wanted = IdempotencyKey(
            user_id=request.user.pk,
            key=key,
            method=str(request.method),
            path=path_of(request),
            body_sha256=hash_body(request.data),
            created_at=database_now(),
        )
        with write_transaction():
            answered = claim_key(wanted)
            if answered is not None:
                return _replay(answered)
            response = handler(view, request, *args, **kwargs)
            if is_success(response.status_code):
                keep_answer(wanted, status_code=response.status_code, body=response.data, headers=response.headers)
            else:
                transaction.set_rollback(True)
        return response

    answer.is_answered_once = True  # type: ignore[attr-defined]  # the description of the API looks for it
    return answer


def _replay(row: IdempotencyKey) -> Response:
    log.info("answer_replayed", method=row.method, path=row.path, user_id=row.user_id, idempotency_key=row.key)
    location = {"Location": row.location} if row.location else {}
    return Response(json.loads(row.answer), status=row.status_code, headers={REPLAYED_HEADER: "true", **location})
