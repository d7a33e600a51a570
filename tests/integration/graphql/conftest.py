import pytest
from rest_framework.test import APIClient

from tests.integration.api.support import make_client, make_user


@pytest.fixture
def client(db: None) -> APIClient:
    """Return a client that may do everything, as the user `root`."""
    return make_client(make_user(username="root", is_superuser=True))
