import socket
from typing import Any
from urllib.parse import quote, urlencode

from orchestrator_site.databases import SQLITE_ENGINE


def database_url(config: dict[str, Any]) -> str:
    """Return the DATABASE_URL of a DATABASES entry, so that a child process finds the same one."""
    if config["ENGINE"] == SQLITE_ENGINE:
        return f"sqlite:///{config['NAME']}"
    query = urlencode({key.lower(): config[key] for key in ("HOST", "PORT") if config[key]})
    user = ":".join(quote(str(config[key]), safe="") for key in ("USER", "PASSWORD") if config[key])
    return f"postgresql://{user}@/{quote(config['NAME'])}?{query}"


def find_free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
