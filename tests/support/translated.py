"""A language that nobody speaks: each text that can be translated comes in brackets, and what has none is found.

Gettext's own functions are replaced, so that no catalogue is needed: what Django's `_`, `{% translate %}` and lazy
texts ask for comes from here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from unittest import mock

from django.utils import translation

OPEN, CLOSE = "⟦", "⟧"
# Attributes that people see or hear.
SPOKEN = frozenset({"title", "aria-label", "alt", "placeholder", "data-updated", "data-off", "data-failed"})
# What is in these is code, the value of data, or a picture's name.
SILENT = frozenset({"script", "style", "code", "pre", "time", "title", "noscript", "textarea"})
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORD = re.compile(r"[^\W\d_]{2,}")


@contextmanager
def pseudo_language() -> Iterator[None]:
    """Put every text that can be translated into brackets for the length of the block."""
    real = vars(translation)["_trans"]

    def wrap(message: object) -> str:
        return f"{OPEN}{message}{CLOSE}" if str(message).strip() else str(message)

    def choose(singular: str, plural: str, number: int) -> str:
        return wrap(singular if number == 1 else plural)

    with (
        mock.patch.object(real, "gettext", wrap),
        mock.patch.object(real, "ngettext", choose),
        mock.patch.object(real, "pgettext", lambda _context, message: wrap(message)),
        mock.patch.object(real, "npgettext", lambda _context, *forms: choose(*forms)),
    ):
        yield


def find_untranslated(page: str, *, data: set[str]) -> list[str]:
    """Return the texts of a page that have words in no brackets, but for the words of `data`."""
    reader = _Reader()
    reader.feed(page)
    found = [text for text in reader.spoken if _strange_words(_outside([text])[0], data)]
    # A sentence may have a link in it, and so be several texts.
    outside = _outside(reader.texts)
    return found + [text for text, rest in zip(reader.texts, outside, strict=True) if _strange_words(rest, data)]


def words_of(*texts: str) -> set[str]:
    """Return the words of texts that are data: names, words of the API, units."""
    return {word for text in texts for word in WORD.findall(text)}


def _outside(texts: list[str]) -> list[str]:
    """Return what is in no brackets of texts that follow one another."""
    depth, found = 0, []
    for text in texts:
        rest = []
        for character in IDENTIFIER.sub(" ", text):
            depth += (character == OPEN) - (character == CLOSE)
            rest.append(character if depth == 0 else " ")
        found.append("".join(rest))
    return found


def _strange_words(text: str, data: set[str]) -> list[str]:
    return [word for word in WORD.findall(text) if word not in data]


class _Reader(HTMLParser):
    """Collects what is shown or read out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.spoken: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_of_permissions = (given.get("name") or "").endswith("permissions")
        is_hidden_input = tag == "input" and given.get("type") in {"hidden", "text", "number", "datetime-local"}
        for name, value in given.items():
            if value and (name in SPOKEN or (name == "value" and given.get("type") == "submit")):
                self.spoken.append(value)
        if is_hidden_input or tag in VOID:
            return
        classes = (given.get("class") or "").split()
        # What is marked as English is a sentence of the API; permissions have the names that Django stores.
        is_data = given.get("translate") == "no" or given.get("lang") == "en" or (tag == "select" and is_of_permissions)
        is_silent = tag in SILENT or "material-symbols-outlined" in classes or is_data
        self._open.append((tag, is_silent))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_silent for _, is_silent in self._open):
            self.texts.append(" ".join(data.split()))
