"""What a measurement gives: figures with their targets, as a table and as JSON."""

import operator
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 150


@dataclass(frozen=True, slots=True)
class Limit:
    """What a value has to keep to."""

    sign: str
    value: float

    def __str__(self) -> str:
        return f"{self.sign} {_say(self.value)}"

    def allows(self, value: float) -> bool:
        compare = {"≥": operator.ge, "≤": operator.le, "<": operator.lt, "=": operator.eq}[self.sign]
        return bool(compare(value, self.value))


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `value` is None when it could not be measured, and `note` then says why."""

    name: str
    value: float | None
    unit: str
    target: Limit | None = None
    note: str = ""

    @property
    def misses(self) -> bool:
        """Whether it has a target and does not keep to it, or could not be measured at all."""
        return self.value is None or (self.target is not None and not self.target.allows(self.value))

    @property
    def verdict(self) -> str:
        if self.misses:
            return "FAIL"
        return "ok" if self.target else ""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "target": str(self.target) if self.target else None, "verdict": self.verdict}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Figure":
        sign, _, value = (fields["target"] or "").partition(" ")
        target = Limit(sign, float(value.replace(",", ""))) if sign else None
        return cls(fields["name"], fields["value"], fields["unit"], target, fields["note"])


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -int(-len(ordered) * percent // 100))
    return ordered[rank - 1]


def print_table(title: str, figures: Sequence[Figure], *, is_judged: bool) -> None:
    """Print one table; a quick run is too small to be judged."""
    table = Table("measured", "value", "unit", "target", "", "note", title=title, title_justify="left")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        value = "-" if figure.value is None else _say(figure.value)
        verdict = figure.verdict if is_judged or figure.value is None else ""
        colour = {"ok": "green", "FAIL": "bold red", "": "default"}[verdict]
        target = str(figure.target or "")
        table.add_row(figure.name, value, figure.unit, target, f"[{colour}]{verdict}[/]", figure.note)
    # Piped into a file there is no screen to fit into.
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _say(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:,.2f}"
