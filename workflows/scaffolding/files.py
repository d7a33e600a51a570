"""Writing several files, all or none."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


class ScaffoldingRefused(Exception):
    """Something cannot be written as asked, and nothing was; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file as it will be; `before` is what an edited one holds by now, None says that it is new."""

    path: Path
    text: str
    before: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether there is no such file yet."""
        return self.before is None


def read_text(path: Path) -> str:
    """Return the text of a file with its line ends as they are.

    Raises:
        ScaffoldingRefused: It is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ScaffoldingRefused(f"{path} cannot be edited: {error}") from error


def write_changes(changes: Iterable[FileChange]) -> None:
    """Write all files; whatever goes wrong in between, those that were written are put back first.

    Raises:
        ScaffoldingRefused: A new file is there by now, or an edited one has changed since it was read.
        OSError: The system refuses to write.
    """
    with ExitStack() as undo:
        for change in changes:
            _make_folders(change.path.parent, undo)
            if change.is_new:
                _create(change, undo)
            else:
                _replace(change, undo)
        undo.pop_all()


def _make_folders(folder: Path, undo: ExitStack) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent, undo)
        folder.mkdir()
        undo.callback(folder.rmdir)


def _create(change: FileChange, undo: ExitStack) -> None:
    try:
        file = change.path.open("xb")
    except FileExistsError:
        raise ScaffoldingRefused(f"{change.path} exists by now") from None
    undo.callback(change.path.unlink)
    with file:
        file.write(change.text.encode())


def _replace(change: FileChange, undo: ExitStack) -> None:
    assert change.before is not None
    if read_text(change.path) != change.before:
        raise ScaffoldingRefused(f"{change.path} was changed by somebody else just now")
    _write_over(change.path, change.text)
    undo.callback(_write_over, change.path, change.before)


def _write_over(path: Path, text: str) -> None:
    """Put a new text in place of the old one at once: nobody ever reads half of it."""
    path = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor, no path
            file.write(text.encode())
        shutil.copymode(path, name)
        os.replace(name, path)  # noqa: PTH105  # `name` is what mkstemp gives
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise
