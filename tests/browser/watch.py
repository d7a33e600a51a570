"""Watching everything that a browser does: what it asks for, what fails, what its console says."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Of a page that was left before it had everything.
ABANDONED = "net::ERR_ABORTED"


class Watch:
    """Notes what no page may do: complain, fail, or ask another host."""

    def __init__(self, context: BrowserContext, site_url: str) -> None:
        self._host = urlsplit(site_url).netloc
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", self._note_request)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_response)
        context.on("console", self._note_message)
        context.on("weberror", self._note_error)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.netloc != self._host:
            self.complaints.append(f"asked another host: {request.url}")

    def _note_failure(self, request: Request) -> None:
        if request.failure != ABANDONED:
            self.complaints.append(f"failed: {request.url} ({request.failure})")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"answered with {response.status}: {response.url}")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _note_error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")
