"""Where a task stands in the present code of its workflow, as far as this process has that code."""

from dataclasses import dataclass
from itertools import zip_longest

from django.utils.translation import gettext as _

from tasks.deploys import GoOn, Stop, find_placement_of, read_entries, version_of
from tasks.models import Task, TaskStatus
from tasks.starting import find_definition
from tasks.states import MOVES
from workflows.engine import Step, WorkflowDefinition
from workflows.engine.kinds import InputStep
from workflows.engine.versions import StepEntry
from workflows.registry import WorkflowCodeError

NO_STEP = StepEntry("")


@dataclass(frozen=True, slots=True)
class Standing:
    """What can be said of a task that may go on.

    Attributes:
        definition: The code of its workflow; None where this process does not have it.
        placement: Where it goes on in that; None without code.
        problem: What is wrong with the code, if it is there and cannot be used.
    """

    definition: WorkflowDefinition | None = None
    placement: GoOn | Stop | None = None
    problem: str = ""

    @property
    def has_changed_steps(self) -> bool:
        """Whether somebody has to say where it goes on."""
        return isinstance(self.placement, Stop)

    @property
    def step(self) -> Step | None:
        """The step at which it goes on; None where nobody knows."""
        if self.definition is None or not isinstance(self.placement, GoOn):
            return None
        steps, position = self.definition.steps, self.placement.position
        return steps[position] if position < len(steps) else None

    @property
    def question(self) -> InputStep | None:
        """The step at which it goes on, if that asks for answers."""
        return self.step if isinstance(self.step, InputStep) else None

    def find_choice(self, name: str) -> Step | None:
        """Return the step of that name, where it can be chosen: no other has its name."""
        steps = [each for each in self.definition.steps if each.name == name] if self.definition else []
        return steps[0] if self.has_changed_steps and len(steps) == 1 else None


def find_standing(task: Task) -> Standing:
    """Return where a task stands: one statement if its steps were changed, else none."""
    definition = find_definition(task.workflow.name)
    if definition is None:
        return Standing()
    try:
        placement = find_placement_of(steps_version=task.steps_version, position=task.position, definition=definition)
    except WorkflowCodeError as error:
        return Standing(problem=str(error))
    return Standing(definition, placement)


def find_version(definition: WorkflowDefinition) -> str | None:
    """Return the version of the step list that this process has of a workflow; None where its code cannot be used."""
    try:
        return version_of(definition).id
    except WorkflowCodeError:
        return None


def can_resume(task: Task) -> bool:
    """Tell whether a task may be put back on the queue by hand; only its own worker puts a running one back."""
    return TaskStatus.RESUMED in MOVES[TaskStatus(task.status)] and task.status != TaskStatus.RUNNING


@dataclass(frozen=True, slots=True)
class ListRow:
    """One place of the two step lists.

    Attributes:
        before: The step of the list that the task has run by; empty past its end.
        present: That of the list which the code has now.
        note: What is different there.
        is_standing: Whether the task stands at this place of the first list.
        choice: The present step, where the task can be told to go on at it.
    """

    number: int
    before: str
    present: str
    note: str
    is_standing: bool
    choice: str


def compare_lists(task: Task, standing: Standing) -> list[ListRow]:
    """Return the list that the task has run by beside the present one."""
    assert standing.definition is not None, "lists are compared where there is code"
    before, present = read_entries(task.steps_version) or (), version_of(standing.definition).entries
    pairs = enumerate(zip_longest(before, present, fillvalue=NO_STEP))
    return [
        ListRow(
            number=number + 1,
            before=one.name,
            present=other.name,
            note=_say_difference(one, other),
            is_standing=number == task.position,
            choice=other.name if standing.find_choice(other.name) else "",
        )
        for number, (one, other) in pairs
    ]


def _say_difference(one: StepEntry, other: StepEntry) -> str:
    if one == other:
        return ""
    if one.name == other.name:
        return _("asks another form")
    if NO_STEP in {one, other}:
        return _("new") if one == NO_STEP else _("gone")
    return _("another step")
