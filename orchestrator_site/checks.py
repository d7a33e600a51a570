"""System checks: what `manage.py check` says about the environment.

`orchestrator.E001` a variable is missing, `E002` a value is of the wrong type, `E003` a value is
not among those allowed, `E004` the database URL cannot be used, `E005` an app is not installed;
`W001` the demo is on where the site is deployed.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning


@register("environment")  # a tag of its own, for commands that check nothing else
def check_environment(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Report every environment variable whose value cannot work."""
    return [Error(problem.message, hint=problem.hint, id=problem.check_id) for problem in settings.ENVIRONMENT.problems]


@register(Tags.security, deploy=True)
def check_demo(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Warn of a demo in production, where nobody wants to find it."""
    if not settings.DEMO:
        return []
    return [CheckWarning("DEMO is on.", hint="Set DEMO=false, or leave it out.", id="orchestrator.W001")]
