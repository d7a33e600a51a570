import os

import pytest
from django.db import connection

from tests.support.urls import database_url


@pytest.fixture
def child_environment(transactional_db: None) -> dict[str, str]:
    """Return the environment of a process that works on this test's database."""
    return {**os.environ, "DATABASE_URL": database_url(connection.settings_dict)}
