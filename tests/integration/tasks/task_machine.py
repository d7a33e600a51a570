"""Everything that people, workers, other systems and deploys can do with tasks, as rules in any order."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from orchestrator_site.common.errors import Conflict, InvalidValue
from tasks.callbacks import CallbackNotFound, CallbackRefused, answer_callback, put_back_answered, report_progress
from tasks.deploys import forget_saved
from tasks.freezing import current_freeze, freeze_engine, unfreeze_engine
from tasks.models import ENDED, EngineFreeze, StepsVersion, Task, TaskCallback, TaskStatus, TaskStep
from tasks.queue import Claim, claim_orphaned, claim_queued
from tasks.runner import run_claimed
from tasks.services import (
    TaskNotEnded,
    abort_task,
    delete_completed_tasks,
    delete_task,
    resume_task,
    resume_tasks,
    start_task,
)
from tasks.states import MOVES, IllegalTransition
from tests.integration.tasks.observed_moves import Move, take_moves
from tests.integration.tasks.support import Clock, token_of
from tests.support.factories import LEASE_SECONDS, NOW, make_lease, make_step, make_workflow, register_code
from workflows.engine import (
    Backoff,
    InconsistentData,
    State,
    Step,
    abort,
    callback_step,
    conditional,
    inputstep,
    retrystep,
    step,
)

ERRORS: dict[str, Exception] = {
    "failed": ValueError("no such node"),
    "api_unavailable": ConnectionError("nso:8080"),
    "inconsistent_data": InconsistentData("two ports"),
}
# What is deployed: the names of the steps, and their aliases.
VERSIONS: list[tuple[list[str], dict[str, str]]] = [
    (["Read", "Ask", "Try", "Call", "Stop", "Write"], {}),
    (["Read", "Ask", "Try", "Call", "Stop", "Write", "Report"], {}),
    (["Read", "Check", "Ask", "Try", "Call", "Stop", "Write"], {}),
    (["Read", "Check", "Ask", "Try", "Call", "Stop", "Write"], {"Ask": "Ask", "Try": "Try"}),
]
ANSWERS = {"reason": "late"}
NUMBERS = st.integers(0, 5)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=10)


class World:
    """What the bodies of the steps meet: what is broken, and the paths that were given away."""

    def __init__(self) -> None:
        self.broken: dict[str, Exception] = {}
        self.routes: list[str] = []
        self.is_wrong = False

    def steps(self, names: list[str]) -> list[Step]:
        return [each for name in names for each in self._make(name)]

    @property
    def tokens(self) -> list[str]:
        """Those of all tasks, the latest last."""
        return [token_of(route) for route in self.routes]

    def latest_token_of(self, task_id: UUID) -> str:
        return token_of(next(route for route in reversed(self.routes) if str(task_id) in route))

    def _act(self, name: str) -> State:
        if name in self.broken:
            raise self.broken[name]
        return {name: True}

    def _call(self, callback_route: str) -> None:
        self.routes.append(callback_route)

    def _make(self, name: str) -> list[Step]:
        def act() -> State:
            return self._act(name)

        def call(callback_route: str) -> None:
            self._call(callback_route)

        match name:
            case "Ask":
                return [inputstep(name, form=ReasonForm)(act)]
            case "Try":
                backoff = Backoff(first_seconds=20, longest_seconds=60)
                return [retrystep(name, max_attempts=2, backoff=backoff)(act)]
            case "Call":
                return list(callback_step(name, step("Order")(call), step("Look")(act), timeout_seconds=90))
            case "Stop":
                return list(conditional(lambda state: self.is_wrong)(abort))
            case "Write":
                return [step(name, atomic=True)(act)]
        return [make_step(name, act)]


class TaskMachine(RuleBasedStateMachine):
    """Does whatever can be done, in any order, with the tasks of one workflow.

    Attributes:
        clock: Of the workers and the services; a test sets it.
        seen: How often each move was made, in all runs; a test sets it.
    """

    clock: Clock
    seen: Counter[Move]

    def __init__(self) -> None:
        super().__init__()
        for model in (TaskCallback, TaskStep, Task, EngineFreeze, StepsVersion):
            model._default_manager.all().delete()
        forget_saved()
        take_moves()
        self.clock.now = NOW
        self.world = World()
        self.claims: list[Claim] = []  # of workers that sleep, or are dead
        self.workflow = make_workflow()
        self._deploy(0)
        self.start()
        self.start()

    def choose(self, number: int) -> Task | None:
        tasks = list(Task.objects.order_by("id"))
        return tasks[number % len(tasks)] if tasks else None

    def _deploy(self, number: int) -> None:
        names, aliases = VERSIONS[number]
        register_code(self.workflow.name, self.world.steps(names), step_aliases=aliases)

    @rule(number=st.sampled_from([0, *range(len(VERSIONS))]))
    def deploy(self, number: int) -> None:
        self._deploy(number)

    @rule(
        name=st.sampled_from([None, "Read", "Ask", "Try", "Write"]),
        error=st.sampled_from(sorted(ERRORS)),
        is_wrong=st.sampled_from([False, False, True]),
    )
    def change_the_world(self, name: str | None, error: str, is_wrong: bool) -> None:
        self.world.broken = {name: ERRORS[error]} if name else {}
        self.world.is_wrong = is_wrong

    @rule(seconds=st.sampled_from([1, 20, LEASE_SECONDS + 1, 60, 100, 4_000]))
    def let_pass(self, seconds: int) -> None:
        self.clock.let_pass(seconds)

    @rule()
    def start(self) -> None:
        start_task(workflow=self.workflow, inputs={}, actor="ada")

    @rule(steps=st.sampled_from([0, 1, 3, 99, 99]), worker=st.sampled_from(["w1", "w2"]))
    def work(self, steps: int, worker: str) -> None:
        """Have a worker run what is due, until it is told to stop after so many steps."""
        lease = make_lease(worker=worker, now=self.clock.now)
        for claim in [*claim_orphaned(lease, limit=2), *claim_queued(lease, limit=2)]:
            self._run(claim, steps=steps)

    @rule(number=NUMBERS, reaction=st.sampled_from([1, 1, 91]))
    def help_on(self, number: int, reaction: int) -> None:
        """Give a task what it waits for, in time or not, and have a worker run what is due."""
        if (task := self.choose(number)) is None:
            return
        self.clock.let_pass(reaction)
        if task.status == TaskStatus.AWAITING_CALLBACK:
            token = self.world.latest_token_of(task.pk)
            is_refused(Conflict, lambda: answer_callback(task_id=task.pk, token=token, result=1))
        elif task.status == TaskStatus.WAITING:
            self.clock.let_pass(60)
        else:
            inputs = ANSWERS if task.status == TaskStatus.SUSPENDED else None
            is_refused(Conflict, lambda: resume_task(task_id=task.pk, actor="ada", inputs=inputs))
        self.work(99, "w1")

    @rule()
    def claim_and_fall_asleep(self) -> None:
        self.claims += claim_queued(make_lease(worker="sleepy", now=self.clock.now), limit=1)

    @rule(steps=st.sampled_from([0, 99]))
    def wake(self, steps: int) -> None:
        """Have a worker go on that has slept, and may have lost its task."""
        if self.claims:
            self._run(self.claims.pop(0), steps=steps)

    def _run(self, claim: Claim, *, steps: int) -> None:
        looks = iter([False] * steps)
        run_claimed(claim, clock=self.clock, is_stopping=lambda: next(looks, True))

    @rule(
        number=NUMBERS,
        inputs=st.sampled_from([None, ANSWERS, {"reason": "much too long a reason"}]),
        resume_at=st.sampled_from([None, None, "Read", "Ask", "Try", "Call: Await callback", "Write", "Nowhere"]),
    )
    def resume(self, number: int, inputs: dict[str, Any] | None, resume_at: str | None) -> None:
        if (task := self.choose(number)) is None:
            return
        may_be = TaskStatus.RESUMED in MOVES[TaskStatus(task.status)] and task.status != TaskStatus.RUNNING
        try:
            resume_task(task_id=task.pk, actor="ada", inputs=inputs, resume_at=resume_at)
        except IllegalTransition:
            assert not may_be
        except (Conflict, InvalidValue):
            assert may_be
        else:
            assert may_be

    @rule(number=NUMBERS, is_abort=st.booleans())
    def abort_or_delete(self, number: int, is_abort: bool) -> None:
        if (task := self.choose(number)) is None:
            return
        if is_abort:
            is_over = task.status in {TaskStatus.COMPLETED, TaskStatus.ABORTED}
            assert is_refused(IllegalTransition, lambda: abort_task(task_id=task.pk, actor="ada")) is is_over
        else:
            has_ended = task.status in ENDED
            assert is_refused(TaskNotEnded, lambda: delete_task(task_id=task.pk, actor="ada")) is not has_ended

    @rule(number=NUMBERS, number_of_token=NUMBERS, is_progress=st.booleans())
    def call_back(self, number: int, number_of_token: int, is_progress: bool) -> None:
        """Have another system use a path that it was given, of this task or another one."""
        task, tokens = self.choose(number), self.world.tokens
        if task is None or not tokens:
            return
        token = tokens[number_of_token % len(tokens)]

        def act() -> object:
            if is_progress:
                return report_progress(task_id=task.pk, token=token, progress=1)
            return answer_callback(task_id=task.pk, token=token, result=1)

        is_refused((CallbackNotFound, CallbackRefused), act)

    @rule(minutes=st.sampled_from([None, 1, 10]))
    def freeze_or_unfreeze(self, minutes: int | None) -> None:
        if current_freeze(now=self.clock.now):
            unfreeze_engine(actor="ada")
        else:
            until = self.clock.now + timedelta(minutes=minutes) if minutes else None
            freeze_engine(reason="maintenance", actor="ada", until=until)

    @rule()
    def look_after_all(self) -> None:
        """Do what the shipped tasks do now and then."""
        resume_tasks(tasks=Task.objects.filter(status=TaskStatus.API_UNAVAILABLE), actor="SYSTEM")
        delete_completed_tasks(finished_before=self.clock.now - timedelta(minutes=10))
        put_back_answered()


def is_refused(error: type[Exception] | tuple[type[Exception], ...], act: Callable[[], object]) -> bool:
    try:
        act()
    except error:
        return True
    return False
