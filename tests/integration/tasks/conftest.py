import pytest

from tasks import callbacks, deploys, freezing, services
from tests.integration.tasks.deploying import OLD, Deployment
from tests.integration.tasks.support import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that stands still, and have the services read it in the place of the database's."""
    made = Clock()
    for module in (callbacks, deploys, freezing, services):
        monkeypatch.setattr(module, "database_now", made)
    return made


@pytest.fixture
def deployment(clock: Clock) -> Deployment:
    """Return the old version of a workflow whose tasks a test gives back in the middle."""
    made = Deployment("given back", clock)
    made.deploy(OLD)
    return made
