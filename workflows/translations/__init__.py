"""Names of workflows for people, one JSON file a language."""

import json
from pathlib import Path
from typing import Any


def load_translations(language: str) -> dict[str, Any]:
    """Return the translations of a language, such as `en-GB`: `{"workflows": {name: words}}`.

    Raises:
        FileNotFoundError: There are none for this language.
    """
    path = Path(__file__).parent / f"{Path(language).name}.json"
    translations: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return translations
