from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken


class Command(BaseCommand):
    help = "Make API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Make a token for a user and print it, alone, on standard output.")
        create.add_argument("username")
        create.add_argument(
            "--days",
            type=int,
            help="Days until the token expires (default: the setting API_TOKEN_TTL_DAYS).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(create_token(options["username"], options["days"]))


def create_token(username: str, days: int | None) -> str:
    """Return a new API token of the user; only its hash is stored.

    Raises:
        CommandError: There is no such user, the user is not active, or `days` is below 1.
    """
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}. Make one with: manage.py createsuperuser")
    if not user.is_active:
        raise CommandError(f"The user {username!r} is not active.")
    if days is None:
        return str(AuthToken.objects.create(user)[1])
    if days < 1:
        raise CommandError(f"--days is {days}: give 1 or more.")
    return str(AuthToken.objects.create(user, expiry=timedelta(days=days))[1])
