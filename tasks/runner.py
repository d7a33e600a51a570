"""Running one claimed task, step by step, so that a step that was recorded never runs again."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from orchestrator_site.common.clock import Clock
from tasks.deploys import (
    GoOn,
    Leave,
    Placement,
    Stop,
    find_placement,
    find_placement_of,
    is_known_elsewhere,
    save_version,
    version_of,
)
from tasks.models import TaskStatus
from tasks.queue import Claim
from tasks.recording import ABORT_REASON, end_without_step, give_back, last_state, move_to_place
from tasks.step_runner import AbortRequested, LeaseLost, Position, run_step
from workflows.engine import State, WorkflowDefinition
from workflows.engine.errors import FormCodeError, InvalidInputs
from workflows.engine.kinds import AwaitCallbackStep
from workflows.engine.state import first_state
from workflows.input_forms import validate_form
from workflows.registry import UnknownWorkflow, WorkflowCodeError, get_definition

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who else runs tasks, as far as it matters for the ones that this process cannot run.

    Attributes:
        worker: The name of this process.
        leave: Is told which tasks to leave to others, and for which reason; None where there are no others.
    """

    worker: str = ""
    leave: Callable[[Claim, str], None] | None = None


ALONE = Crew()


def run_claimed(
    claim: Claim, *, clock: Clock, is_stopping: Callable[[], bool] = lambda: False, crew: Crew = ALONE
) -> None:
    """Run a task from the first step that has not passed until it ends, stops, or this process is told to stop.

    Step bodies run outside of any transaction, unless they are atomic; each is recorded in one of its own, fenced by
    the claim's attempt. Every line that is logged meanwhile carries the ids of the task and its schedule.
    """
    schedule = {"schedule_id": str(claim.schedule_id)} if claim.schedule_id else {}
    with structlog.contextvars.bound_contextvars(
        task_id=str(claim.task_id), workflow=claim.workflow_name, attempt=claim.attempt, **schedule
    ):
        log.debug("task_claimed", position=claim.position)
        try:
            _run(claim, clock=clock, is_stopping=is_stopping, crew=crew)
        except WorkflowCodeError as error:
            end_without_step(claim, status=TaskStatus.FAILED, reason=str(error), now=clock())
            log.error("task_failed", reason=str(error))
        except AbortRequested:
            log.info("task_aborted")
        except LeaseLost:
            log.warning("task_lease_lost")


def _run(claim: Claim, *, clock: Clock, is_stopping: Callable[[], bool], crew: Crew) -> None:
    if claim.is_abort_requested:  # of a worker that died, or gave the task back, before it met the flag
        end_without_step(claim, status=TaskStatus.ABORTED, reason=ABORT_REASON, now=clock())
        raise AbortRequested(str(claim.task_id))
    try:
        definition = get_definition(claim.workflow_name)
    except UnknownWorkflow as error:
        if crew.leave and is_known_elsewhere(claim, worker=crew.worker, now=clock()):
            _leave(claim, str(error), clock=clock, crew=crew)
            return
        raise
    placed = _place(claim, definition, clock=clock, crew=crew)
    if placed is not None and _has_valid_inputs(placed, definition, clock=clock):
        _run_steps(placed, definition, clock=clock, is_stopping=is_stopping)


def _place(claim: Claim, definition: WorkflowDefinition, *, clock: Clock, crew: Crew) -> Claim | None:
    """Return the claim as it stands in the present step list; None if the task does not go on here."""
    match _find_placement(claim, definition, clock=clock, crew=crew):
        case GoOn() as place:
            return _moved(claim, place, definition)
        case Leave(reason):
            _leave(claim, reason, clock=clock, crew=crew)
        case Stop(reason):
            end_without_step(claim, status=TaskStatus.INCONSISTENT_DATA, reason=reason, now=clock())
            log.error("task_steps_changed", position=claim.position)
    return None


def _moved(claim: Claim, place: GoOn, definition: WorkflowDefinition) -> Claim:
    """Return the claim at its place in the present list, whose version is written down before any task names it."""
    version = version_of(definition)
    if claim.steps_version != version.id:
        save_version(version)
    if not place.is_mapped:
        return claim
    moved = move_to_place(
        claim,
        position=place.position,
        steps_version=version.id,
        answers=claim.answers if place.keeps_answers else None,
        awaits_callback=isinstance(definition.steps[place.position], AwaitCallbackStep),
    )
    if moved is None:
        raise LeaseLost(str(claim.task_id))
    log.info("task_mapped", position=moved.position, revision=moved.revision)
    return moved


def _find_placement(claim: Claim, definition: WorkflowDefinition, *, clock: Clock, crew: Crew) -> Placement:
    if crew.leave is None:
        return find_placement_of(steps_version=claim.steps_version, position=claim.position, definition=definition)
    return find_placement(claim, definition, worker=crew.worker, now=clock())


def _leave(claim: Claim, reason: str, *, clock: Clock, crew: Crew) -> None:
    """Give a task back, and have this process take none like it."""
    assert crew.leave is not None, "only one of several leaves a task"
    crew.leave(claim, reason)
    give_back(claim, position=claim.position, now=clock())


def _has_valid_inputs(claim: Claim, definition: WorkflowDefinition, *, clock: Clock) -> bool:
    """Tell whether a task may take its first step: its form may be another one than when it was put on the queue."""
    if claim.steps_version or definition.initial_input_form is None:
        return True
    try:
        validate_form(form=definition.initial_input_form, inputs=claim.inputs)
    except FormCodeError as error:
        raise WorkflowCodeError(str(error)) from error
    except InvalidInputs as error:
        reason = f"its inputs do not satisfy the form any more: {error}"
        end_without_step(claim, status=TaskStatus.INCONSISTENT_DATA, reason=reason, now=clock())
        log.error("task_inputs_invalid")
        return False
    return True


def _run_steps(claim: Claim, definition: WorkflowDefinition, *, clock: Clock, is_stopping: Callable[[], bool]) -> None:
    steps, version = definition.steps, version_of(definition)
    if claim.position >= len(steps):
        raise WorkflowCodeError(
            f"workflow '{claim.workflow_name}' has {len(steps)} steps by now; of this task {claim.position} have passed"
        )
    state: State | None = last_state(claim) if claim.steps_version or claim.position else _first_state(claim)
    for number in range(claim.position, len(steps)):
        if is_stopping():
            give_back(claim, position=number, now=clock())
            log.info("task_given_back", position=number)
            return
        assert state is not None, "a task without a state does not go on"
        place = Position(claim, steps[number], number, version.id, is_first=number == claim.position)
        with structlog.contextvars.bound_contextvars(step=steps[number].name):
            state = run_step(place, state=state, clock=clock)
        if state is None:
            return


def _first_state(claim: Claim) -> State:
    return first_state(
        claim.inputs,
        task_id=str(claim.task_id),
        workflow_name=claim.workflow_name,
        workflow_target=claim.workflow_target,
        reporter=claim.reporter,
    )
