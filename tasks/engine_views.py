"""`/api/engine`: freeze it, unfreeze it, look whether it is frozen."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestrator_site.common.api import EmptyBody, read_body
from orchestrator_site.common.clock import database_now
from orchestrator_site.common.idempotency.views import answer_once
from tasks import engine_docs
from tasks.engine_serializers import EngineSerializer, FreezeBody
from tasks.freezing import current_freeze, freeze_engine, unfreeze_engine
from tasks.models import EngineFreeze


@engine_docs.describe_engine
class EngineView(APIView):
    """The engine."""

    permissions = {"GET": "tasks.view_task"}

    def get(self, request: Request) -> Response:
        """Show whether it is frozen."""
        return _answer(current_freeze(now=database_now()))


@engine_docs.describe_freeze
class FreezeView(APIView):
    """Freezing the engine."""

    permissions = {"POST": "tasks.freeze_engine"}

    @answer_once
    def post(self, request: Request) -> Response:
        """Freeze it; where it is frozen, the new reason and end count."""
        body = read_body(FreezeBody, request)
        return _answer(freeze_engine(reason=body["reason"], until=body.get("until"), actor=request.user.get_username()))


@engine_docs.describe_unfreeze
class UnfreezeView(APIView):
    """Ending a freeze."""

    permissions = {"POST": "tasks.freeze_engine"}

    @answer_once
    def post(self, request: Request) -> Response:
        """Unfreeze it; nothing happens where it is not frozen."""
        read_body(EmptyBody, request)
        unfreeze_engine(actor=request.user.get_username())
        return _answer(None)


def _answer(freeze: EngineFreeze | None) -> Response:
    return Response(EngineSerializer.shown(freeze))
