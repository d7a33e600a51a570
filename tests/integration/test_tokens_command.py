from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.models import AuthToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


def create(*arguments: str) -> str:
    printed = StringIO()
    call_command("tokens", "create", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_token_is_printed_alone_and_works(ada: User) -> None:
    printed = create("ada")
    assert printed.count("\n") == 1
    user, _ = TokenAuthentication().authenticate_credentials(printed.strip().encode())
    assert user == ada


@pytest.mark.usefixtures("ada")
def test_only_a_hash_is_stored() -> None:
    token = create("ada").strip()
    (stored,) = AuthToken.objects.values()
    assert token not in map(str, stored.values())


@pytest.mark.usefixtures("ada")
def test_a_token_does_not_expire_unless_asked() -> None:
    create("ada")
    assert AuthToken.objects.get().expiry is None


@pytest.mark.usefixtures("ada")
def test_days_limit_the_life_of_a_token() -> None:
    create("ada", "--days", "2")
    expiry = AuthToken.objects.get().expiry
    assert abs(expiry - timezone.now() - timedelta(days=2)) < timedelta(minutes=1)


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(CommandError, match=r"There is no user 'bob'.*createsuperuser"):
        create("bob")


def test_a_user_who_may_not_log_in_gets_no_token(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        create("ada")


@pytest.mark.usefixtures("ada")
def test_a_life_below_a_day_is_refused() -> None:
    with pytest.raises(CommandError, match="--days is 0"):
        create("ada", "--days", "0")
    assert not AuthToken.objects.exists()
