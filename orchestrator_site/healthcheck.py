"""Asks the web server of this container whether it is ready: `python -m orchestrator_site.healthcheck`.

Exits 0 when `/health/ready` answers 200, else 1 with the reason. It is run every few seconds, so it stays small: no
Django, no settings, and no program that a slim image does not have.
"""

import http.client
import os
import sys
from collections.abc import Mapping

TIMEOUT_SECONDS = 4


def main(environment: Mapping[str, str]) -> int:
    """Ask, and return the exit code."""
    host = environment.get("HOST") or "127.0.0.1"
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  it is asked, not bound
    connection = http.client.HTTPConnection(address, int(environment.get("PORT") or 8000), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"Host": allowed_host(environment)})
        response = connection.getresponse()
        answer = response.read().decode(errors="replace")
    except OSError as error:
        answer = f"no answer from {address}: {error}"
    else:
        if response.status == http.HTTPStatus.OK:
            return 0
    sys.stderr.write(answer + "\n")
    return 1


def allowed_host(environment: Mapping[str, str]) -> str:
    """Return a name under which the site answers, which need not be that of this machine."""
    first = (environment.get("ALLOWED_HOSTS") or "").split(",")[0].strip()
    return {"": "localhost", "*": "localhost"}.get(first, first.removeprefix("."))


if __name__ == "__main__":
    sys.exit(main(os.environ))
