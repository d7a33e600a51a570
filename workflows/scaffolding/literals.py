"""Python literals as a formatter would write them."""

import json


def quote(text: str) -> str:
    """Return a Python string literal: in double quotes, or in single ones where that saves escapes (ruff, black)."""
    body = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + body.replace(mark, f"\\{mark}") + mark
