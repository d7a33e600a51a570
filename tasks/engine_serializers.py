"""The engine as the API freezes and shows it."""

from typing import Any

from rest_framework import serializers

from orchestrator_site.common.api import Instant, Moment, StrictSerializer, Text
from orchestrator_site.common.reasons import MAX_REASON_CHARACTERS
from tasks.models import EngineFreeze

SHOWN_OF_FREEZE = ("reason", "started_by", "started_at", "until")


class FreezeBody(StrictSerializer):
    """The body that freezes the engine."""

    reason = Text(max_length=MAX_REASON_CHARACTERS, help_text="Why: people will ask.")
    until = Instant(
        required=False, allow_null=True, help_text="When it ends by itself; null or left out: when it is unfrozen."
    )


class EngineSerializer(serializers.Serializer[Any]):
    """Whether the engine is frozen: nothing new starts then, and no task goes on."""

    is_frozen = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True, help_text="This and what follows: null unless it is frozen.")
    started_by = serializers.CharField(allow_null=True)
    started_at = Moment(allow_null=True)
    until = Moment(allow_null=True, help_text="When it ends by itself; null: when it is unfrozen.")

    @classmethod
    def shown(cls, freeze: EngineFreeze | None) -> dict[str, Any]:
        """Return what is shown of the freeze that is in force, or of there being none."""
        values = {name: getattr(freeze, name, None) for name in SHOWN_OF_FREEZE}
        shown: dict[str, Any] = cls({"is_frozen": freeze is not None, **values}).data
        return shown
