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
