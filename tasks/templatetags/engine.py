"""What pages say of the engine."""

from django import template
from django.utils.timezone import now

from tasks.freezing import current_freeze
from tasks.models import EngineFreeze

register = template.Library()


@register.simple_tag
def engine_freeze() -> EngineFreeze | None:
    """Return the freeze that is in force, by this machine's clock: one statement for each page that asks."""
    return current_freeze(now=now())
