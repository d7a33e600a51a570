"""How `/api/engine` describes itself: texts, examples and errors of each operation."""

from typing import Any

from drf_spectacular.utils import OpenApiRequest, OpenApiResponse, extend_schema, extend_schema_view

from orchestrator_site.common.api import EmptyBody
from orchestrator_site.common.openapi import example
from tasks.engine_serializers import EngineSerializer, FreezeBody

ENGINE = ["Engine"]

FROZEN = {
    "is_frozen": True,
    "reason": "Maintenance of the core routers",
    "started_by": "ada",
    "started_at": "2027-03-01T22:00:00Z",
    "until": "2099-03-02T02:00:00Z",
}
RUNNING = {"is_frozen": False, "reason": None, "started_by": None, "started_at": None, "until": None}


def _answer(name: str, value: dict[str, Any], description: str) -> OpenApiResponse:
    return OpenApiResponse(EngineSerializer, description, examples=[example(name, value)])


describe_engine = extend_schema_view(
    get=extend_schema(
        operation_id="get_engine",
        summary="Show whether the engine is frozen",
        description="By whom, since when, until when and why.",
        tags=ENGINE,
        responses={200: _answer("Not frozen", RUNNING, "The engine.")},
    )
)

describe_freeze = extend_schema_view(
    post=extend_schema(
        operation_id="freeze_engine",
        summary="Freeze the engine",
        description="Nothing new starts, and tasks that run stop before their next step; all go on when it ends. An "
        "engine that is frozen already gets the new reason and end.",
        tags=ENGINE,
        request=OpenApiRequest(
            FreezeBody,
            examples=[
                example("Until somebody ends it", {"reason": "Something is wrong with the inventory"}),
                example("Until a moment", {"reason": FROZEN["reason"], "until": FROZEN["until"]}),
            ],
        ),
        responses={200: _answer("Frozen", FROZEN, "The engine, frozen.")},
    )
)

describe_unfreeze = extend_schema_view(
    post=extend_schema(
        operation_id="unfreeze_engine",
        summary="Unfreeze the engine",
        description="Ends the freeze; what was frozen goes on. Nothing happens where it is not frozen.",
        tags=ENGINE,
        request=OpenApiRequest(EmptyBody, examples=[example("No keys", {})]),
        responses={200: _answer("Not frozen", RUNNING, "The engine.")},
    )
)
