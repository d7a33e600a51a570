"""Differences between two releases in words."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workflows.releases.differences import Change, Code, Difference, Fate, WorkflowDifference

NOTHING = "–"  # noqa: RUF001  # a dash for what is empty
MAX_VALUES = 8

# What is said of each difference; `after` and `before` are values in words.
SENTENCES: Mapping[Code, Promise] = {
    Code.NAME: gettext_lazy("The release is called %(after)s; before, %(before)s."),
    Code.VERSION: gettext_lazy("Version of the project: %(before)s → %(after)s."),
    Code.PYTHON: gettext_lazy(
        "Python: %(before)s → %(after)s. Which functions do something else cannot be told between two versions of it."
    ),
    Code.ZONE_DATA: gettext_lazy("Time-zone data: %(before)s → %(after)s."),
    Code.CODE_BROKEN: gettext_lazy("Its code does not load any more: %(after)s"),
    Code.CODE_MENDED: gettext_lazy("Its code loads again; before: %(before)s"),
    Code.DESCRIPTION: gettext_lazy("Description: “%(before)s” → “%(after)s”."),
    Code.TARGET: gettext_lazy("Target: %(before)s → %(after)s."),
    Code.PREDICATE: gettext_lazy("What may refuse a start: %(before)s → %(after)s."),
    Code.MAY_START: gettext_lazy("Who may start it is asked of: %(before)s → %(after)s."),
    Code.MAY_RESUME: gettext_lazy("Who may resume it is asked of: %(before)s → %(after)s."),
    Code.FUNCTION_CODE: gettext_lazy("The code of %(after)s has changed."),
    Code.ALIAS_ADDED: gettext_lazy("Tasks that stand at “%(before)s” go on at “%(after)s”, by an alias."),
    Code.ALIAS_REMOVED: gettext_lazy("The alias from “%(before)s” to “%(after)s” is gone."),
    Code.FORM_ADDED: gettext_lazy("%(place)s asks the form %(after)s now."),
    Code.FORM_REMOVED: gettext_lazy("%(place)s asks no form any more; it was %(before)s."),
    Code.FORM_CHANGED: gettext_lazy("%(place)s asks other choices in the form %(after)s."),
    Code.FIELD_ADDED: gettext_lazy("%(place)s asks for “%(field)s” too, which may be left out."),
    Code.FIELD_NEEDED_ADDED: gettext_lazy("%(place)s asks for “%(field)s” too, which is required."),
    Code.FIELD_REMOVED: gettext_lazy("%(place)s does not ask for “%(field)s” any more."),
    Code.FIELD_KIND: gettext_lazy("%(place)s takes another kind of “%(field)s”: %(before)s → %(after)s."),
    Code.FIELD_NEEDED: gettext_lazy("%(place)s requires “%(field)s” now."),
    Code.FIELD_NOT_NEEDED: gettext_lazy("%(place)s does not require “%(field)s” any more."),
    Code.FIELD_CHOICES: gettext_lazy("%(place)s offers other choices of “%(field)s”: %(before)s → %(after)s."),
    Code.FIELD_BOUNDS: gettext_lazy("%(place)s has other bounds of “%(field)s”: %(before)s → %(after)s."),
    Code.STEP_INSERTED: gettext_lazy("Step “%(step)s” is inserted after “%(before)s”."),
    Code.STEP_APPENDED: gettext_lazy("Step “%(step)s” is appended, after “%(before)s”."),
    Code.STEP_REMOVED: gettext_lazy("Step “%(step)s” is gone; it was number %(before)s."),
    Code.STEP_RENAMED: gettext_lazy("Step “%(before)s” is called “%(step)s” now."),
    Code.STEP_REPLACED: gettext_lazy("Step “%(step)s” stands in the place of “%(before)s”."),
    Code.STEP_MOVED: gettext_lazy("Step “%(step)s” has moved from number %(before)s to number %(after)s."),
    Code.STEP_KIND: gettext_lazy("Step “%(step)s” is of another kind: %(before)s → %(after)s."),
    Code.STEP_RETRY: gettext_lazy("Step “%(step)s”, when it fails: %(before)s → %(after)s."),
    Code.STEP_CONDITIONAL: gettext_lazy("Step “%(step)s” runs %(before)s → %(after)s."),
    Code.STEP_ATOMIC: gettext_lazy("Step “%(step)s” is one transaction with its record: %(before)s → %(after)s."),
    Code.STEP_TIMEOUT: gettext_lazy("Step “%(step)s” may take: %(before)s → %(after)s."),
    Code.STEP_ANSWER_WITHIN: gettext_lazy("Step “%(step)s” waits for an answer: %(before)s → %(after)s."),
    Code.STEP_CODE: gettext_lazy("The code of “%(step)s” has changed."),
    Code.FUNCTION_ADDED: gettext_lazy("“%(step)s” is scheduled now: %(after)s."),
    Code.FUNCTION_REMOVED: gettext_lazy("“%(step)s” is not scheduled any more; it ran %(before)s."),
    Code.FUNCTION_NAME: gettext_lazy("“%(step)s” is called %(after)s now; before, %(before)s."),
    Code.FUNCTION_RULE: gettext_lazy("“%(step)s” runs at other times: %(before)s → %(after)s."),
}

FATES: Mapping[Fate, Promise] = {
    Fate.ADDED: gettext_lazy("new"),
    Fate.REMOVED: gettext_lazy("gone"),
    Fate.RENAMED: gettext_lazy("renamed"),
    Fate.CHANGED: gettext_lazy("changed"),
}

STEP_KINDS: Mapping[str, Promise] = {
    "plain": gettext_lazy("plain"),
    "input": gettext_lazy("asks for answers"),
    "callback_action": gettext_lazy("asks another system"),
    "await_callback": gettext_lazy("awaits a callback"),
    "abort": gettext_lazy("aborts the task"),
    "last": gettext_lazy("the last one"),
}

BOUNDS: Mapping[str, Promise] = {
    "MinValueValidator": gettext_lazy("at least %(limit)s"),
    "MaxValueValidator": gettext_lazy("at most %(limit)s"),
    "MinLengthValidator": gettext_lazy("at least %(limit)s characters"),
    "MaxLengthValidator": gettext_lazy("at most %(limit)s characters"),
    "pattern": gettext_lazy("the pattern %(limit)s"),
}


def say_change(change: Change) -> str:
    """Return one difference as a sentence."""
    say = _VALUES.get(change.code, _say_text)
    values = {
        "step": change.subject,
        "place": _("Step “%(step)s”") % {"step": change.subject} if change.subject else _("The start"),
        "field": change.field,
        "before": say(change.before),
        "after": say(change.after),
    }
    return str(SENTENCES[change.code]) % values


def sum_up(difference: Difference) -> str:
    """Return in a few words how much is different."""
    counts = {fate: sum(each.fate == fate for each in difference.workflows) for fate in Fate}
    functions = len({change.subject for change in difference.functions})
    parts = [_say_count(fate, count) for fate, count in counts.items() if count]
    if functions:
        parts.append(
            ngettext("%(count)d scheduled function", "%(count)d scheduled functions", functions) % {"count": functions}
        )
    return " · ".join(parts) or _("nothing that is registered has changed")


def _say_count(fate: Fate, count: int) -> str:
    match fate:
        case Fate.ADDED:
            text = ngettext("%(count)d new workflow", "%(count)d new workflows", count)
        case Fate.REMOVED:
            text = ngettext("%(count)d workflow gone", "%(count)d workflows gone", count)
        case Fate.RENAMED:
            text = ngettext("%(count)d workflow renamed", "%(count)d workflows renamed", count)
        case Fate.CHANGED:
            text = ngettext("%(count)d workflow changed", "%(count)d workflows changed", count)
    return text % {"count": count}


def say_what_stops(difference: WorkflowDifference) -> str:
    """Say what the change of a step list means for tasks on their way; empty where nothing changed for them."""
    if difference.first_place is None:
        return ""
    return _(
        "Tasks that stand at step %(number)d or after it do not go on by themselves, unless an alias leads them."
    ) % {"number": difference.first_place + 1}


def _say_text(value: Any) -> str:
    return NOTHING if value is None or value == "" else str(value)


def _say_step_kind(value: Any) -> str:
    return str(STEP_KINDS.get(value, value))


def _say_retry(value: Any) -> str:
    if value is None:
        return _("its task fails")
    attempts, first, longest = value
    waits = {"first": f"{first:g}", "longest": f"{longest:g}", "attempts": attempts}
    if attempts is None:
        return _("tried again until it passes, after %(first)s s up to %(longest)s s") % waits
    return _("up to %(attempts)d attempts, after %(first)s s up to %(longest)s s") % waits


def _say_seconds(value: Any) -> str:
    return _("without limit") if value is None else _("%(seconds)s s") % {"seconds": f"{value:g}"}


def _say_whether(value: Any) -> str:
    return _("yes") if value else _("no")


def _say_condition(value: Any) -> str:
    return _("on a condition") if value else _("always")


def _say_field_kind(value: Any) -> str:
    """Say what kind of answers a field takes, as `input_forms` tells them apart."""
    match value:
        case ["choice", several, _by]:
            return _("several choices") if several else _("one choice")
        case ["row", several, model, _column]:
            text = _("several rows of %(model)s") if several else _("a row of %(model)s")
            return text % {"model": model or NOTHING}
        case ["boolean or null"]:
            return _("yes, no or neither")
        case [{"type": kind, "format": detail}, *_parts]:
            return f"{_say_type(kind)} ({detail})"
        case [{"type": kind}, *_parts]:
            return _say_type(kind)
    return _("any JSON")


def _say_type(kind: Any) -> str:
    return kind if isinstance(kind, str) else _(" or ").join(kind)


def _say_bounds(value: Any) -> str:
    """Say the bounds of a field, which are stored as JSON, a text each."""
    return _say_values([_say_bound(*json.loads(each)) for each in value])


def _say_bound(validator: str, *limits: Any) -> str:
    if validator in BOUNDS:
        return str(BOUNDS[validator]) % {"limit": limits[0]}
    return f"{validator} {' '.join(map(str, limits))}"


def _say_values(value: Any) -> str:
    shown = [str(each) for each in value[:MAX_VALUES]]
    more = [_("%(count)d more") % {"count": len(value) - len(shown)}] if len(value) > len(shown) else []
    return ", ".join([*shown, *more]) or NOTHING


_VALUES: Mapping[Code, Callable[[Any], str]] = {
    Code.STEP_KIND: _say_step_kind,
    Code.STEP_RETRY: _say_retry,
    Code.STEP_CONDITIONAL: _say_condition,
    Code.STEP_ATOMIC: _say_whether,
    Code.STEP_TIMEOUT: _say_seconds,
    Code.STEP_ANSWER_WITHIN: _say_seconds,
    Code.FIELD_KIND: _say_field_kind,
    Code.FIELD_CHOICES: _say_values,
    Code.FIELD_BOUNDS: _say_bounds,
}
