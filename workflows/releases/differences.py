"""Differences between two releases as data; words are made of them where people read them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """What a difference is."""

    NAME = "name"
    VERSION = "version"
    PYTHON = "python"
    ZONE_DATA = "zone_data"

    CODE_BROKEN = "code_broken"
    CODE_MENDED = "code_mended"
    DESCRIPTION = "description"
    TARGET = "target"
    PREDICATE = "predicate"
    MAY_START = "may_start"
    MAY_RESUME = "may_resume"
    FUNCTION_CODE = "function_code"
    ALIAS_ADDED = "alias_added"
    ALIAS_REMOVED = "alias_removed"

    FORM_ADDED = "form_added"
    FORM_REMOVED = "form_removed"
    FORM_CHANGED = "form_changed"
    FIELD_ADDED = "field_added"
    FIELD_NEEDED_ADDED = "field_needed_added"
    FIELD_REMOVED = "field_removed"
    FIELD_KIND = "field_kind"
    FIELD_NEEDED = "field_needed"
    FIELD_NOT_NEEDED = "field_not_needed"
    FIELD_CHOICES = "field_choices"
    FIELD_BOUNDS = "field_bounds"

    STEP_INSERTED = "step_inserted"
    STEP_APPENDED = "step_appended"
    STEP_REMOVED = "step_removed"
    STEP_RENAMED = "step_renamed"
    STEP_REPLACED = "step_replaced"
    STEP_MOVED = "step_moved"
    STEP_KIND = "step_kind"
    STEP_RETRY = "step_retry"
    STEP_CONDITIONAL = "step_conditional"
    STEP_ATOMIC = "step_atomic"
    STEP_TIMEOUT = "step_timeout"
    STEP_ANSWER_WITHIN = "step_answer_within"
    STEP_CODE = "step_code"

    FUNCTION_ADDED = "function_added"
    FUNCTION_REMOVED = "function_removed"
    FUNCTION_NAME = "function_name"
    FUNCTION_RULE = "function_rule"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        code: What it is.
        subject: The name of the step or the function that it is of.
        field: The name of the field of a form.
        before: The former value, as it is stored.
        after: The present value.
    """

    code: Code
    subject: str = ""
    field: str = ""
    before: Any = None
    after: Any = None


class Fate(StrEnum):
    """What became of a workflow."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class WorkflowDifference:
    """What is different of one workflow.

    Attributes:
        name: Its present name; of one that was removed the former one.
        former_name: Of one that was renamed.
        first_place: From which place of the former list on a task stands at something that has changed, so that it
            does not go on by itself; None where every task goes on.
    """

    name: str
    fate: Fate
    changes: tuple[Change, ...] = ()
    former_name: str = ""
    first_place: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """All that is different between two releases."""

    general: tuple[Change, ...] = ()
    workflows: tuple[WorkflowDifference, ...] = ()
    functions: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.general or self.workflows or self.functions)
