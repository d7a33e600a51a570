"""Names of workflows for people: a JSON file for each language, here and in `translations` of each app of the user.

The demo is such an app, where it is on.

A file is `{"workflows": {name: words}}`; other sections of it, which other programs may read, are left alone. Files of
one language are merged: what the user's apps say wins over ours, and a later app of EXTRA_APPS over an earlier one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from orchestrator_site.common.errors import NotFound
from workflows.discovery import find_app_configs
from workflows.selectors import list_workflows

log = structlog.get_logger(__name__)

SHIPPED_FOLDER = Path(__file__).parent
FOLDER_NAME = "translations"


class UnknownLanguage(NotFound):
    """There are no translations into the language; the message names those there are."""


class TranslationFileError(Exception):
    """A file of translations cannot be read; the message names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Translations:
    """The words of one language by workflow, and what is wrong with files that could not be used."""

    words: dict[str, str]
    problems: list[str]


def get_translations(language: str) -> dict[str, str]:
    """Return the words for every workflow that has a row, by name: its description where the language has none.

    Raises:
        UnknownLanguage: There is no file for the language.
    """
    translations = load_translations(language)
    for problem in translations.problems:
        log.warning("translation_file_refused", problem=problem)
    rows = list_workflows().values_list("name", "description")
    return {name: translations.words.get(name, description or name) for name, description in rows}


def load_translations(language: str) -> Translations:
    """Return what the files of a language, such as `en-GB`, say; one that is malformed is left out and reported.

    Raises:
        UnknownLanguage: There is no file for the language.
    """
    # A file is looked up among those there are: no name that is asked for becomes part of a path.
    paths = [path for path in _all_files() if path.stem == language]
    if not paths:
        raise _unknown(language)
    words: dict[str, str] = {}
    problems = []
    for path in paths:
        try:
            words |= read_words(path)
        except TranslationFileError as error:
            problems.append(str(error))
    return Translations(words, problems)


def list_languages() -> list[str]:
    """Return the languages for which there is a file."""
    return sorted({path.stem for path in _all_files()})


def find_problems() -> list[str]:
    """Say of every file that cannot be used, in whatever language, which one it is and what is wrong with it."""
    return [problem for language in list_languages() for problem in load_translations(language).problems]


def read_words(path: Path) -> dict[str, str]:
    """Return the words of one file by workflow.

    Raises:
        TranslationFileError: It cannot be read, or is not what it has to be.
    """
    try:
        return _check_words(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise TranslationFileError(f"{path}, line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise TranslationFileError(f"{path}: {error}") from error


def _check_words(content: object) -> dict[str, str]:
    if not isinstance(content, dict):
        raise ValueError(f'it holds {_kind(content)}; write {{"workflows": {{name: words}}}}')  # noqa: TRY004
    if "workflows" not in content:
        raise ValueError('it has no "workflows"; write {"workflows": {name: words}}')
    words = content["workflows"]
    if not isinstance(words, dict):
        raise ValueError(f'"workflows" is {_kind(words)}; write {{name: words}}')  # noqa: TRY004
    for name, value in words.items():
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"the words for '{name}' are {json.dumps(value)}; write a string")
        f"{name}{value}".encode()  # half of a surrogate pair has no encoding, and could not be sent
    return words


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _all_files() -> Iterator[Path]:
    configs = find_app_configs([*settings.DEMO_APPS, *settings.EXTRA_APPS])
    for folder in [SHIPPED_FOLDER, *(Path(config.path, FOLDER_NAME) for config in configs)]:
        yield from sorted(folder.glob("*.json"))


def _unknown(language: str) -> UnknownLanguage:
    known = ", ".join(list_languages())
    return UnknownLanguage(f"no translations into '{language}'; there are {known}", field="language", value=language)
