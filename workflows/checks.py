"""System checks: `workflows.W001`, a file of translations cannot be used."""

from collections.abc import Sequence
from typing import Any

from django.core import checks

from workflows.translations import find_problems


@checks.register()
def check_translations(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Warn of files that cannot be used; names of workflows are worth no outage."""
    hint = "Until it is right, its workflows are called by their descriptions."
    return [checks.Warning(problem, hint=hint, id="workflows.W001") for problem in find_problems()]
