"""What is registered in code, as plain data that is stored and compared later, by whatever code there is then.

It holds what people see of a workflow, what decides where tasks go on, and digests of the functions themselves: that of
a function tells that it does something else, not what, and nothing of the functions that it calls.
"""

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import tzdata

from workflows.engine import Step, WorkflowDefinition, WorkflowError
from workflows.engine.kinds import AwaitCallbackStep, CallbackActionStep, InputStep
from workflows.engine.steps import AbortStep
from workflows.input_forms import digest_answers, list_answers
from workflows.models import ReleasePart
from workflows.registry import load_definitions

Contents = dict[str, Any]

DIGITS = 16
MAX_PROBLEM_CHARACTERS = 500
MAX_CHOICES = 100


@dataclass(frozen=True, slots=True)
class Known:
    """What a process knows of one part of the code; the fingerprint is the same for the same, on every machine."""

    part: ReleasePart
    contents: Contents
    fingerprint: str


def know(part: ReleasePart, contents: Contents, *, told_apart_by: Contents | None = None) -> Known:
    """Return contents with their fingerprint: that of `told_apart_by` where not all of them count."""
    text = json.dumps(contents if told_apart_by is None else told_apart_by, sort_keys=True)
    return Known(part, contents, hashlib.sha256(text.encode()).hexdigest())


def know_workflows(*, name: str, version: str) -> Known:
    """Return what this process knows of the workflows, by their code.

    The wording of a problem counts for nothing: it may hold addresses, which are others in each process.

    Args:
        name: What whoever deployed it calls it.
        version: That of the project.
    """
    definitions, problems = load_definitions()
    described = {definition.name: describe_workflow(definition) for definition in definitions}
    described |= {each: {"problem": reason[:MAX_PROBLEM_CHARACTERS]} for each, reason in problems.items()}
    contents = {
        "name": name,
        "version": version,
        "python": python_version(),
        "zone_data": tzdata.IANA_VERSION,
        "workflows": described,
    }
    told_apart_by = {each: "problem" if "problem" in facts else facts for each, facts in described.items()}
    return know(ReleasePart.WORKFLOWS, contents, told_apart_by={**contents, "workflows": told_apart_by})


def python_version() -> str:
    """Return the version of Python within which digests of functions can be compared."""
    return ".".join(platform.python_version_tuple()[:2])


def describe_workflow(definition: WorkflowDefinition) -> Contents:
    """Return what one workflow is; of one whose form cannot be used, what is wrong."""
    try:
        start_form = _describe_form(definition.initial_input_form)
        steps = [_describe_step(step) for step in definition.steps]
    except WorkflowError as error:
        return {"problem": str(error)[:MAX_PROBLEM_CHARACTERS]}
    return {
        "description": str(definition.description),
        "target": definition.target.value,
        "steps": steps,
        "form": start_form,
        "predicate": _describe_function(definition.run_predicate),
        "may_start": _describe_function(definition.authorize_callback),
        "may_resume": _describe_function(definition.retry_auth_callback),
        "aliases": dict(definition.step_aliases),
    }


def _describe_step(step: Step) -> Contents:
    retrying = step.retrying
    return {
        "name": step.name,
        "kind": _kind_of(step),
        "form": _describe_form(step.form) if isinstance(step, InputStep) else None,
        "retry": None
        if retrying is None
        else [
            retrying.max_attempts,
            *map(_as_number, (retrying.backoff.first_seconds, retrying.backoff.longest_seconds)),
        ],
        "conditional": step.is_conditional,
        "atomic": step.is_atomic,
        "timeout": _as_number(step.timeout_seconds),
        "answer_within": _as_number(step.answer_within_seconds) if isinstance(step, AwaitCallbackStep) else None,
        "code": digest_function(step.function),
    }


def _as_number(seconds: float | None) -> float | None:
    """Return seconds as JSON has them: an author may have given a Decimal."""
    return None if seconds is None else float(seconds)


def _kind_of(step: Step) -> str:
    match step:
        case InputStep():
            return "input"
        case CallbackActionStep():
            return "callback_action"
        case AwaitCallbackStep():
            return "await_callback"
        case AbortStep():
            return "abort"
    return "last" if step.is_last else "plain"


def _describe_form(form: type[Any] | None) -> Contents | None:
    if form is None:
        return None
    fields = list_answers(form=form)
    return {"name": form.__name__, "digest": digest_answers(fields), "fields": _shorten(fields)}


def _shorten(fields: Contents) -> Contents:
    """Keep the first of very many choices: the digest tells that others are different ones."""
    return {name: {**field, "choices": field["choices"][:MAX_CHOICES]} for name, field in fields.items()}


def _describe_function(function: Callable[..., Any] | None) -> Contents | None:
    if function is None:
        return None
    return {
        "name": str(getattr(function, "__qualname__", type(function).__qualname__)),
        "code": digest_function(function),
    }


def digest_function(function: object) -> str:
    """Return a digest of what a function does by itself; empty for what has no code in Python.

    It is that of the compiled code, in which neither comments nor places count, so that nothing is read from files.
    Each version of Python compiles in its own way.
    """
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return ""
    return hashlib.sha256(repr(_list_code(code)).encode()).hexdigest()[:DIGITS]


def _list_code(code: CodeType) -> list[Any]:
    names = [list(code.co_names), list(code.co_varnames), list(code.co_freevars)]
    return [code.co_code.hex(), names, [_constant(each) for each in code.co_consts]]


def _constant(constant: object) -> Any:
    """Return a constant as text that is the same in every process: the order of a set is not."""
    match constant:
        case CodeType():
            return _list_code(constant)
        case frozenset():
            return sorted(map(repr, constant))
        case tuple():
            return [_constant(each) for each in constant]
    return repr(constant)
