"""Adding one line to a file that a person wrote, and touching nothing else of it."""

import ast
import io
import json
import re

from workflows.scaffolding.files import ScaffoldingRefused
from workflows.scaffolding.literals import quote

REGISTRATION = "LazyWorkflowInstance"
IMPORT = f"from workflows import {REGISTRATION}"
REGISTRATION_SOURCES = {"workflows", "workflows.registry"}

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


def add_registration(text: str, *, module: str, name: str) -> str:
    """Return a Python file with a workflow registered below the others, and the import that this needs.

    Raises:
        ScaffoldingRefused: It is no Python.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        raise ScaffoldingRefused(f"it is no Python: {error}") from error
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = list(io.StringIO(text, newline=""))  # split as Python does, line ends kept
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    local_name = _find_import(body)
    line = f"{local_name or REGISTRATION}({quote(module)}, {quote(name)}){newline}"
    registrations = [node for node in body if _is_registration(node, local_name or REGISTRATION)]
    # From the end on, so that the numbers of the lines above stay right.
    if registrations:
        lines.insert(registrations[-1].end_lineno or len(lines), line)
    else:
        lines += [newline] * _blank_lines_before(body, is_import_added=local_name is None) + [line]
    if local_name is None:
        _insert_import(lines, body, newline)
    return "".join(lines)


def add_translation(text: str, *, name: str, words: str) -> str:
    """Return a file of translations with one more entry, in its place if the entries are sorted, else as the last.

    Raises:
        ScaffoldingRefused: It has no object "workflows".
    """
    entry = f"{json.dumps(name)}: {json.dumps(words, ensure_ascii=False)}"
    opening, closing, keys = _find_workflows(text)
    if any(key == name for key, _ in keys):
        return text
    if not keys:
        line_start = text.rfind("\n", 0, opening) + 1
        indent = re.match(r"[ \t]*", text[line_start:])
        base = indent[0] if indent else ""
        return f"{text[: opening + 1]}\n{base}  {entry}\n{base}{text[closing:]}"
    is_sorted = [key for key, _ in keys] == sorted(key for key, _ in keys)
    followers = [start for key, start in keys if is_sorted and key > name]
    start = followers[0] if followers else keys[-1][1]
    space = text[len(text[:start].rstrip()) : start] or " "
    if followers:
        return f"{text[:start]}{entry},{space}{text[start:]}"
    end = len(text[:closing].rstrip())
    return f"{text[:end]},{space}{entry}{text[end:]}"


def _find_import(body: list[ast.stmt]) -> str | None:
    """Return the name that LazyWorkflowInstance has in a module, None if it is not imported."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module in REGISTRATION_SOURCES and not node.level:
            for alias in node.names:
                if alias.name == REGISTRATION:
                    return alias.asname or alias.name
    return None


def _is_registration(node: ast.stmt, name: str) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == name
    )


def _blank_lines_before(body: list[ast.stmt], *, is_import_added: bool) -> int:
    if not body:
        return 0
    if isinstance(body[-1], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 2
    is_after_docstring = is_import_added and len(body) == 1 and _is_docstring(body[0])
    return 0 if is_after_docstring else 1


def _insert_import(lines: list[str], body: list[ast.stmt], newline: str) -> None:
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    if imports:
        lines.insert(imports[-1].end_lineno or 0, f"{IMPORT}{newline}")
    elif body and _is_docstring(body[0]):
        lines[body[0].end_lineno or 0 : body[0].end_lineno or 0] = [newline, f"{IMPORT}{newline}", newline]
    else:
        lines[0:0] = [f"{IMPORT}{newline}", newline]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _find_workflows(text: str) -> tuple[int, int, list[tuple[str, int]]]:
    """Return where the object "workflows" of a JSON text opens and closes, and its keys with their places."""
    tokens = [(match[0], match.start()) for match in _TOKEN.finditer(text)]
    depth, opening = 0, None
    keys: list[tuple[str, int]] = []
    for number, (symbol, start) in enumerate(tokens):
        depth += (symbol in "{[") - (symbol in "}]")
        is_key = symbol.startswith('"') and number + 1 < len(tokens) and tokens[number + 1][0] == ":"
        if is_key and depth == 1 and json.loads(symbol) == "workflows" and tokens[number + 2][0] == "{":
            opening = tokens[number + 2][1]
        elif is_key and depth == 2 and opening is not None:  # noqa: PLR2004
            keys.append((json.loads(symbol), start))
        elif symbol == "}" and depth == 1 and opening is not None:
            return opening, start, keys
    raise ScaffoldingRefused('it has no "workflows": write {"workflows": {}} into it')
