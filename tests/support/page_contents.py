"""What can be followed, sent and pressed on a page, read from its HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

BUTTONS = frozenset({"submit", "image"})
# Inputs in which nobody types or chooses anything.
UNSEEN = frozenset({"hidden", "submit", "button", "image", "reset"})


@dataclass(slots=True)
class Form:
    """A form: where it is sent to, by which method, and whether it has something to fill in or to press."""

    method: str
    action: str
    fields: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Contents:
    """What is on a page.

    Attributes:
        forms: The forms.
        links: Where links lead, without the part after `#`.
        parts: What the page loads again by itself.
        strays: What sends to another address, or by another method, than the form around it.
    """

    forms: list[Form] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)


def read_contents(page: str, *, url: str) -> Contents:
    """Return what is on a page that is at an address."""
    reader = _Reader(url)
    reader.feed(page)
    return reader.contents


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.contents = Contents()
        self._url = url
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "a" if "href" in given:
                self.contents.links.add(self._resolve(given["href"]))
            case "form":
                method = given.get("method", "get").lower()
                self._form = Form(method, self._resolve(given.get("action", "")))
                self.contents.forms.append(self._form)
            case "button" | "input" | "select" | "textarea":
                self._read_control(tag, given)
        for name in ("hx-get", "data-url"):
            if name in given:
                self.contents.parts.add(self._resolve(given[name]))
        if sends := {"hx-post", "hx-put", "hx-patch", "hx-delete"} & given.keys():
            self.contents.strays.append(f"{tag} {sends}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _read_control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        name = given.get("name") or given.get("id") or given.get("aria-label", tag)
        if kind in BUTTONS:
            if given.keys() & {"form", "formaction", "formmethod"}:
                self.contents.strays.append(name)
            elif self._form is not None:
                self._form.buttons.append(name)
        elif kind not in UNSEEN and self._form is not None and not given.keys() & {"disabled", "form"}:
            self._form.fields.append(name)

    def _resolve(self, address: str) -> str:
        return urldefrag(urljoin(self._url, address)).url
