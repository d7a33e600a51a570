"""Reads the environment variables of `variables.VARIABLES`, typed, and collects what is wrong.

A wrong value does not raise: its default stands in, and the system checks report it together with
all the others, so that an operator sees every mistake at once and in words.
"""

import difflib
import importlib.util
import os
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import environ

from orchestrator_site.databases import DatabaseUrlError, database_config
from orchestrator_site.variables import VARIABLES, Kind, Variable

Value = str | bool | int | tuple[str, ...]

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot work, what would be right, and the id of the check that reports it."""

    variable: str
    check_id: str
    message: str
    hint: str


class ValueRefused(Exception):
    """Raised by the parsers: `check_id`, what is wrong, and what would be right."""

    def __init__(self, check_id: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.check_id = check_id
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Environment:
    """The values of all variables, and the problems found in reading them."""

    values: Mapping[str, Value]
    problems: Sequence[Problem]

    def text(self, name: str) -> str:
        value = self.values[name]
        assert isinstance(value, str), f"{name} is no text variable"
        return value

    def flag(self, name: str) -> bool:
        value = self.values[name]
        assert isinstance(value, bool), f"{name} is no flag variable"
        return value

    def number(self, name: str) -> int:
        value = self.values[name]
        assert isinstance(value, int), f"{name} is no number variable"
        return value

    def words(self, name: str) -> list[str]:
        value = self.values[name]
        assert isinstance(value, tuple), f"{name} is no list variable"
        return list(value)

    def has_problem(self, name: str) -> bool:
        return any(problem.variable == name for problem in self.problems)


def load_env_file(base_dir: Path) -> None:
    """Add the variables of the file that ENV_FILE names to the environment, which wins over it."""
    name = os.environ.get("ENV_FILE", ".env")
    path = base_dir / name
    if name and path.is_file():
        environ.Env.read_env(path)


def read_environment(environment: Mapping[str, str]) -> Environment:
    """Read every variable of the table from `environment`; never raises for a wrong value."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for variable in VARIABLES:
        text = environment.get(variable.name, variable.default).strip()
        try:
            values[variable.name] = parse(variable, text)
        except ValueRefused as refusal:
            values[variable.name] = parse_kind(variable, variable.default)
            problems.append(Problem(variable.name, refusal.check_id, str(refusal), refusal.hint))
    return Environment(values, problems)


def parse(variable: Variable, text: str) -> Value:
    """Return the typed value of `text`.

    Raises:
        ValueRefused: The text is not of the variable's kind or outside what it allows.
    """
    if not text:
        if variable.remedy:
            raise ValueRefused("orchestrator.E001", f"{variable.name} is not set.", variable.remedy)
        text = variable.default
    value = parse_kind(variable, text)
    if variable.choices and text and value not in variable.choices:
        raise _refuse(variable, text, "E003", f"Set one of: {', '.join(variable.choices)}.")
    return value


def parse_kind(variable: Variable, text: str) -> Value:
    match variable.kind:
        case Kind.FLAG:
            return _parse_flag(variable, text)
        case Kind.NUMBER:
            return _parse_number(variable, text)
        case Kind.LIST:
            return _parse_list(variable, text)
        case Kind.ZONE:
            return _parse_zone(variable, text)
        case Kind.DATABASE:
            return _parse_database(variable, text)
        case Kind.TEXT:
            return text


def _refuse(variable: Variable, text: str, number: str, hint: str) -> ValueRefused:
    return ValueRefused(f"orchestrator.{number}", f"{variable.name} is {text!r}.", hint)


def _parse_flag(variable: Variable, text: str) -> bool:
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise _refuse(variable, text, "E002", "Set true or false.")
    return word in TRUE_WORDS


def _parse_number(variable: Variable, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise _refuse(variable, text, "E002", f"Set {_describe_range(variable)}.") from None
    is_low = variable.minimum is not None and number < variable.minimum
    is_high = variable.maximum is not None and number > variable.maximum
    if is_low or is_high:
        raise _refuse(variable, text, "E003", f"Set {_describe_range(variable)}.")
    return number


def _describe_range(variable: Variable) -> str:
    what = f"a whole number of {variable.unit}" if variable.unit else "a whole number"
    if variable.maximum is not None:
        return f"{what} from {variable.minimum} to {variable.maximum}"
    return f"{what}, {variable.minimum} or more"


def _parse_list(variable: Variable, text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if variable.name == "EXTRA_APPS":
        for word in words:
            _require_app(variable, word)
    return words


def _require_app(variable: Variable, app: str) -> None:
    """Refuse an app whose top package is not there, before Django fails with a bare ImportError."""
    package = app.partition(".")[0]
    try:
        is_found = importlib.util.find_spec(package) is not None
    except ValueError:
        is_found = False
    if not is_found:
        hint = f"Install the package {package!r} or put its folder on PYTHONPATH."
        raise _refuse(variable, app, "E005", hint)


def _parse_zone(variable: Variable, text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        close = difflib.get_close_matches(text, zoneinfo.available_timezones(), n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "Set a name such as 'Europe/Amsterdam'."
        raise _refuse(variable, text, "E003", hint) from None
    return text


def _parse_database(variable: Variable, text: str) -> str:
    try:
        database_config(text, base_dir=Path())
    except DatabaseUrlError as error:
        # The value may hold a password: it is not repeated.
        message = f"{variable.name} cannot be used: {error}"
        raise ValueRefused("orchestrator.E004", message, variable.effect) from None
    return text
