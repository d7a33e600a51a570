"""What is different between two releases: pure, from the contents of one and of the other.

Nothing here looks anything up: two rows of long ago are compared as two of today.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from workflows.engine.versions import StepEntry, keeps_place
from workflows.releases.differences import Change, Code, Difference, Fate, WorkflowDifference
from workflows.releases.matching import match_steps

Facts = Mapping[str, Any]

# What digests of functions tell.
CODE_DIGESTS = frozenset({Code.STEP_CODE, Code.FUNCTION_CODE})

# The two ends of every step list say nothing of what a workflow does.
_ENDS = {"Start", "Done"}


def compare_workflows(former: Facts, present: Facts) -> Difference:
    """Compare what two releases have of the workflows."""
    general = [
        Change(code, before=former.get(code), after=present.get(code))
        for code in (Code.NAME, Code.VERSION, Code.PYTHON, Code.ZONE_DATA)
        if former.get(code) != present.get(code)
    ]
    # Every version of Python compiles in its own way, so that digests of another one say nothing.
    ignored = CODE_DIGESTS if former.get("python") != present.get("python") else frozenset()
    workflows = _compare_all(former.get("workflows", {}), present.get("workflows", {}), ignored)
    return Difference(tuple(general), tuple(workflows))


def _compare_all(former: Facts, present: Facts, ignored: Collection[Code]) -> Iterator[WorkflowDifference]:
    renamed = _find_renamed(former, present)
    for name in sorted(former.keys() | present.keys()):
        if name in renamed:
            yield WorkflowDifference(name, Fate.RENAMED, former_name=renamed[name])
        elif name not in former:
            yield WorkflowDifference(name, Fate.ADDED)
        elif name not in present:
            if name not in renamed.values():
                yield WorkflowDifference(name, Fate.REMOVED)
        elif changes := tuple(
            each for each in _compare_workflow(former[name], present[name]) if each.code not in ignored
        ):
            place = find_first_place(former[name], present[name])
            yield WorkflowDifference(name, Fate.CHANGED, changes, first_place=place)


def _find_renamed(former: Facts, present: Facts) -> dict[str, str]:
    """Return, by its present name, the former one of each workflow that is the same but for that, and the only such."""
    gone = {name: key for name in former.keys() - present.keys() if (key := _key_of(former[name]))}
    new = {name: key for name in present.keys() - former.keys() if (key := _key_of(present[name]))}
    counts = Counter(gone.values()) + Counter(new.values())
    names = {key: name for name, key in gone.items()}
    return {name: names[key] for name, key in new.items() if key in names and counts[key] == 2}  # noqa: PLR2004


def _key_of(facts: Facts) -> str:
    """Return what a workflow does, as text; nothing for one that says too little of it to be known again."""
    if "problem" in facts or all(step["name"] in _ENDS for step in facts["steps"]):
        return ""
    return repr([facts["target"], facts["form"], facts["steps"]])


def _compare_workflow(former: Facts, present: Facts) -> Iterator[Change]:
    if "problem" in former or "problem" in present:
        if "problem" not in former:
            yield Change(Code.CODE_BROKEN, after=present["problem"])
        elif "problem" not in present:
            yield Change(Code.CODE_MENDED, before=former["problem"])
        return
    for code in (Code.DESCRIPTION, Code.TARGET):
        if former[code] != present[code]:
            yield Change(code, before=former[code], after=present[code])
    for code in (Code.PREDICATE, Code.MAY_START, Code.MAY_RESUME):
        yield from _compare_callback(code, former[code], present[code])
    yield from _compare_forms("", former["form"], present["form"])
    yield from _compare_steps(former, present)
    yield from _compare_aliases(former["aliases"], present["aliases"])


def _compare_callback(code: Code, former: Facts | None, present: Facts | None) -> Iterator[Change]:
    before, after = (former or {}).get("name"), (present or {}).get("name")
    if before != after:
        yield Change(code, before=before, after=after)
    elif former and present and former["code"] != present["code"]:
        yield Change(Code.FUNCTION_CODE, after=after)


def _compare_aliases(former: Facts, present: Facts) -> Iterator[Change]:
    for name in sorted(present.keys() | former.keys()):
        if former.get(name) != present.get(name):
            code = Code.ALIAS_ADDED if name in present else Code.ALIAS_REMOVED
            yield Change(code, before=name, after=present.get(name, former.get(name)))


def _compare_forms(step: str, former: Facts | None, present: Facts | None) -> Iterator[Change]:
    """Compare the form of a step, or that which starts a task if `step` is empty."""
    if former is None or present is None:
        if present is not None:
            yield Change(Code.FORM_ADDED, step, after=present["name"])
        elif former is not None:
            yield Change(Code.FORM_REMOVED, step, before=former["name"])
        return
    changes = list(_compare_fields(step, former["fields"], present["fields"]))
    if not changes and former["digest"] != present["digest"]:
        changes = [Change(Code.FORM_CHANGED, step, after=present["name"])]
    yield from changes


def _compare_fields(step: str, former: Facts, present: Facts) -> Iterator[Change]:
    for name in sorted(former.keys() | present.keys()):
        before, after = former.get(name), present.get(name)
        if before is None and after is not None:
            yield Change(Code.FIELD_NEEDED_ADDED if after["is_needed"] else Code.FIELD_ADDED, step, name)
        elif before is not None and after is None:
            yield Change(Code.FIELD_REMOVED, step, name)
        elif before is not None and after is not None:
            yield from _compare_field(step, name, before, after)


def _compare_field(step: str, name: str, former: Facts, present: Facts) -> Iterator[Change]:
    if (former["kind"], former["parts"]) != (present["kind"], present["parts"]):
        yield Change(Code.FIELD_KIND, step, name, former["kind"], present["kind"])
    if former["is_needed"] != present["is_needed"]:
        yield Change(Code.FIELD_NEEDED if present["is_needed"] else Code.FIELD_NOT_NEEDED, step, name)
    if former["choices"] != present["choices"]:
        yield Change(Code.FIELD_CHOICES, step, name, former["choices"], present["choices"])
    if former["bounds"] != present["bounds"]:
        yield Change(Code.FIELD_BOUNDS, step, name, former["bounds"], present["bounds"])


def _compare_steps(former: Facts, present: Facts) -> Iterator[Change]:
    before = [step["name"] for step in former["steps"]]
    after = [step["name"] for step in present["steps"]]
    matched = match_steps(before, after, aliases=present["aliases"])
    yield from matched.list_changes(before, after)
    for place, other in matched.pairs:
        yield from _compare_step(former["steps"][place], present["steps"][other])


def _compare_step(former: Facts, present: Facts) -> Iterator[Change]:
    name = present["name"]
    for key, code in _STEP_SETTINGS.items():
        if former[key] != present[key]:
            yield Change(code, name, before=former[key], after=present[key])
    yield from _compare_forms(name, former["form"], present["form"])
    if former["code"] != present["code"]:
        yield Change(Code.STEP_CODE, name)


_STEP_SETTINGS = {
    "kind": Code.STEP_KIND,
    "retry": Code.STEP_RETRY,
    "conditional": Code.STEP_CONDITIONAL,
    "atomic": Code.STEP_ATOMIC,
    "timeout": Code.STEP_TIMEOUT,
    "answer_within": Code.STEP_ANSWER_WITHIN,
}


def find_first_place(former: Facts, present: Facts) -> int | None:
    """Return from which place of the former list on a task that stands there does not go on by itself, if any."""
    if "problem" in former or "problem" in present:
        return None
    stored, entries = list_facts_entries(former), list_facts_entries(present)
    stops = (
        place
        for place in range(len(stored))
        if not keeps_place(stored=stored, position=place, present=entries, aliases=present["aliases"])
    )
    return next(stops, None)


def list_facts_entries(facts: Facts) -> tuple[StepEntry, ...]:
    """Return what matters of the steps of a workflow for tasks that are on their way, as `engine.versions` has it."""
    forms = [step["form"] for step in facts["steps"]]
    forms[0] = facts["form"]
    return tuple(
        StepEntry(step["name"], form["digest"] if form else "")
        for step, form in zip(facts["steps"], forms, strict=True)
    )


def compare_functions(former: Facts, present: Facts) -> Difference:
    """Compare what two releases have of the functions that are scheduled in code."""
    return Difference(functions=tuple(_compare_functions(former, present)))


def _compare_functions(former: Facts, present: Facts) -> Iterator[Change]:
    for function_id in sorted(former.keys() | present.keys()):
        before, after = former.get(function_id), present.get(function_id)
        if before is None and after is not None:
            yield Change(Code.FUNCTION_ADDED, function_id, after=after["runs"])
        elif before is not None and after is None:
            yield Change(Code.FUNCTION_REMOVED, function_id, before=before["runs"])
        elif before is not None and after is not None:
            yield from _compare_function(function_id, before, after)


def _compare_function(function_id: str, former: Facts, present: Facts) -> Iterator[Change]:
    if former["name"] != present["name"]:
        yield Change(Code.FUNCTION_NAME, function_id, before=former["name"], after=present["name"])
    if former["rule"] != present["rule"]:
        yield Change(Code.FUNCTION_RULE, function_id, before=former["runs"], after=present["runs"])
    if former["python"] == present["python"] and former["code"] != present["code"]:
        yield Change(Code.STEP_CODE, function_id)
