"""Paths as commands show them."""

from pathlib import Path


def show_path(path: Path) -> str:
    """Return a path as one would type it here: relative to the working directory if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)
