from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

Login = Callable[..., Client]


@pytest.fixture
def login(db: None) -> Login:
    """Return what gives a browser of a new user of the admin, with some permissions."""

    def log_in(*permissions: str) -> Client:
        user = User.objects.create_user("operator", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def root(db: None) -> Client:
    """Return the browser of somebody who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client
