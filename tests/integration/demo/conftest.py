import sys
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator_site.demo.network import Conditions, network_under

DEMO_APP = "orchestrator_site.demo"


@pytest.fixture
def demo_on(shipped_workflows: None, settings: Any) -> None:
    """Have the demo's app, as a process that starts with DEMO=true."""
    sys.modules.pop(f"{DEMO_APP}.workflows", None)  # imported anew, it registers its workflows anew
    settings.DEMO, settings.DEMO_APPS = True, [DEMO_APP]
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, DEMO_APP]  # starts all apps anew


@pytest.fixture
def quick_network() -> Iterator[None]:
    """Have the demo's network answer at once."""
    with network_under(Conditions(wait=lambda seconds: None)):
        yield
