"""Choices of a form that say what each of them means: one answer to a question, with an example below its words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from unfold.widgets import RADIO_CLASSES

from orchestrator_site.common.admin.texts import Text


@dataclass(frozen=True, slots=True)
class Choice:
    """What a value does, in words, and an example of it."""

    words: Text
    example: Text = ""


class ExplainedRadios(forms.RadioSelect):
    """One button for each value; each option carries its `example`.

    Attributes:
        for_kinds: The kinds of trigger that it concerns, for the script of the form; empty for all.
    """

    def __init__(self, examples: Mapping[str, Text], for_kinds: str = "") -> None:
        super().__init__({"class": " ".join(RADIO_CLASSES)})
        self._examples = examples
        self.for_kinds = for_kinds

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return an option with its example, by which it is described."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["example"] = self._examples.get(str(value), "")
        if option["example"] and "id" in option["attrs"]:
            option["attrs"]["aria-describedby"] = f"{option['attrs']['id']}_example"
        return option


def choose(
    values: Iterable[str],
    choices: Mapping[str, Choice],
    *,
    label: Text,
    hint: Text = "",
    kinds: str = "",
    is_required: bool = True,
) -> forms.ChoiceField:
    """Return a field that asks for one of the values."""
    examples = {value: choice.example for value, choice in choices.items()}
    return forms.ChoiceField(
        choices=[(value, choices[value].words) for value in values],
        required=is_required,
        label=label,
        help_text=hint,
        widget=ExplainedRadios(examples, kinds),
    )
