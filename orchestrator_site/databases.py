"""Turns DATABASE_URL into Django's DATABASES entry."""

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

SQLITE_ENGINE = "django.db.backends.sqlite3"
POSTGRES_ENGINE = "django.db.backends.postgresql"
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "psql", "pgsql"})

# IMMEDIATE takes the write lock at BEGIN, where SQLite waits for it; a lock asked for half-way
# through a transaction fails at once instead.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}

# A host that vanishes must not hold its row locks: the server ends idle transactions, and the
# keepalives tell the client within half a minute that the server is gone.
POSTGRES_OPTIONS: dict[str, Any] = {
    "options": "-c idle_in_transaction_session_timeout=30s",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

CONNECTION_MAX_AGE_SECONDS = 600


class DatabaseUrlError(ValueError):
    """A database URL that the project cannot work with; the message holds no password."""


def database_config(url: str, *, base_dir: Path) -> dict[str, Any]:
    """Return the DATABASES entry for `url`.

    Args:
        url: `sqlite:///FILE` or `postgresql://…`; query parameters become connection options.
        base_dir: The folder that a relative SQLite file counts from.

    Raises:
        DatabaseUrlError: The scheme is neither, the URL cannot be read, or it names no file.
    """
    try:
        scheme = urlsplit(url).scheme
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, TypeError, AttributeError):
        raise DatabaseUrlError("it is not a URL.") from None
    if scheme == "sqlite":
        return _sqlite_config(config, base_dir)
    if scheme in POSTGRES_SCHEMES:
        return _postgres_config(config)
    raise DatabaseUrlError(f"its scheme {scheme!r} is neither 'sqlite' nor 'postgresql'.")


def _sqlite_config(config: dict[str, Any], base_dir: Path) -> dict[str, Any]:
    if config["NAME"] in ("", ":memory:"):
        raise DatabaseUrlError("web server and scheduler share the database, so it must be a file.")
    path = base_dir / config["NAME"]
    return {
        "ENGINE": SQLITE_ENGINE,
        "NAME": str(path),
        "OPTIONS": {**SQLITE_OPTIONS, **config.get("OPTIONS", {})},
        "CONN_MAX_AGE": CONNECTION_MAX_AGE_SECONDS,
        # A file, not memory: threads and processes of the tests share it.
        "TEST": {"NAME": str(path.with_name(f"test_{path.name}"))},
    }


def _postgres_config(config: dict[str, Any]) -> dict[str, Any]:
    options = {**POSTGRES_OPTIONS, **config.get("OPTIONS", {})}
    # `?host=/folder` is how libpq's URLs name a unix socket.
    for key in ("host", "port", "user", "password"):
        if key in options:
            config[key.upper()] = str(options.pop(key))
    if not config["NAME"]:
        raise DatabaseUrlError("it names no database.")
    return {
        **config,
        "ENGINE": POSTGRES_ENGINE,
        "OPTIONS": options,
        "CONN_MAX_AGE": CONNECTION_MAX_AGE_SECONDS,
        "CONN_HEALTH_CHECKS": True,
    }
