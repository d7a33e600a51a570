import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import modify_settings

# What `manage.py startapp` writes, as far as it matters here.
EMPTY_APP = {"__init__.py": "", "models.py": "", "migrations/__init__.py": ""}


@dataclass
class UserApp:
    """A Django app of a user, in a folder of its own."""

    name: str
    folder: Path
    installed: list[modify_settings] = field(default_factory=list)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the app."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
        return file

    def read(self, path: str) -> str:
        """Return the text of a file of the app."""
        return (self.folder / path).read_text()

    def files(self) -> dict[str, str]:
        """Return the text of every file of the app by its path."""
        return {
            str(path.relative_to(self.folder)): path.read_text()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix != ".pyc"
        }

    def install(self) -> None:
        """Have it in EXTRA_APPS, as a process that starts now."""
        for setting in ("EXTRA_APPS", "INSTALLED_APPS"):  # in this order: the second one starts all apps anew
            override = modify_settings(**{setting: {"append": self.name}})
            override.enable()
            self.installed.append(override)

    def uninstall(self) -> None:
        """Take it out again, and forget what was imported of it."""
        while self.installed:
            self.installed.pop().disable()
        for name in list(sys.modules):
            if name == self.name or name.startswith(f"{self.name}."):
                del sys.modules[name]

    def apply(self, migration: str) -> None:
        """Say that one of its migrations is applied."""
        MigrationRecorder(connection).record_applied(self.name, migration)


@pytest.fixture
def user_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserApp]:
    """Return an app as `startapp` makes it, not installed yet."""
    app = UserApp(name := f"acme_{uuid4().hex[:8]}", tmp_path / name)
    for path, text in EMPTY_APP.items():
        app.write(path, text)
    monkeypatch.syspath_prepend(tmp_path)
    # What is written and read within one second has to be read anew.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield app
    app.uninstall()


@dataclass(frozen=True)
class Printed:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str


def manage(*arguments: str) -> Printed:
    """Run a command of `manage.py workflows`."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("workflows", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(str(end.code))
    except CommandError as error:  # as manage.py does
        err.write(str(error))
        code = 1
    return Printed(code, out.getvalue(), err.getvalue())
