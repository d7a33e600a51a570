"""Tasks that stop in the middle under one version of their workflow, and go on under another."""

from typing import Any

from django import forms

from tasks.callbacks import answer_callback
from tasks.deploys import version_of
from tasks.models import StepsVersion, Task, TaskStatus
from tasks.services import resume_task
from tests.integration.tasks.calling_out import Supplier
from tests.integration.tasks.support import Clock, assert_status, fresh, last_state, run_due
from tests.support.factories import make_step, make_task, make_workflow, register_code
from workflows.engine import Step, callback_step, inputstep, retrystep, step
from workflows.registry import get_definition

# The steps between Start and Done; a task stops at B.
OLD = "A B C D"

KINDS = ["suspended", "failed", "waiting", "awaiting_callback", "given back"]
# Those that a person resumes; the others go on by a worker alone, or by another system.
RESUMED_BY_HAND = ["suspended", "failed"]

ANSWERS = {"reason": "late"}


class ReasonForm(forms.Form):
    reason = forms.CharField()


class OtherReasonForm(forms.Form):
    reason = forms.CharField()
    who = forms.CharField()


class Deployment:
    """A workflow whose step B makes its tasks stop in one of several ways, in the versions that a test deploys.

    Attributes:
        form: What the step B asks, if it asks.
        ran: The steps that ran, by the first letter of their names and what follows it: B of three steps is one.
    """

    def __init__(self, kind: str, clock: Clock) -> None:
        self.kind = kind
        self.clock = clock
        self.form: type[forms.Form] = ReasonForm
        self.ran: list[str] = []
        self.supplier = Supplier()
        self.is_broken = kind in {"failed", "waiting"}
        self.workflow = make_workflow(name="task_deployed")

    def deploy(self, names: str, *, aliases: dict[str, str] | None = None, **options: Any) -> None:
        """Put a version in the place of the one there is: its steps by name, those that begin with B stopping tasks."""
        steps = [each for name in names.split() for each in self.make(name)]
        known = dict(pair for alias in (aliases or {}).items() for pair in self.expand(*alias))
        register_code(self.workflow.name, steps, step_aliases=known, **options)

    def make(self, name: str) -> list[Step]:
        def act() -> dict[str, Any]:
            if self.is_broken and name.startswith("B"):
                raise ValueError("not yet")
            self.ran.append(name)
            return {name: True}

        def order(callback_route: str) -> None:
            self.supplier.ask(callback_route)

        if name.startswith("B"):
            match self.kind:
                case "suspended":
                    return [inputstep(name, form=self.form)(act)]
                case "waiting":
                    return [retrystep(name)(act)]
                case "awaiting_callback":
                    return list(callback_step(name, step("Order")(order), step("Look")(act)))
        return [make_step(name, act)]

    def standing(self, name: str) -> str:
        """Return the name of the step at which a task stops that stops at `name`."""
        waits = self.kind == "awaiting_callback" and name.startswith("B")
        return f"{name}: Await callback" if waits else name

    def expand(self, former: str, present: str) -> list[tuple[str, str]]:
        """Return the aliases that make `present` what `former` was: three where both are callback steps."""
        if self.kind == "awaiting_callback" and former.startswith("B") and present.startswith("B"):
            return [(f"{former}: {part}", f"{present}: {part}") for part in ("Order", "Await callback", "Look")]
        return [(self.standing(former), present)]

    def stop(self, **fields: Any) -> Task:
        """Return a task that has run A, and stopped at B."""
        task = make_task(self.workflow, **fields)
        task = run_due(self.clock, task, is_stopping=lambda: self.kind == "given back" and self.ran == ["A"])
        expected = TaskStatus.RESUMED if self.kind == "given back" else TaskStatus(self.kind)
        assert (task.status, self.ran) == (expected, ["A"]), task.failed_reason
        self.ran.clear()
        self.is_broken = False
        return task

    def go_on(self, task: Task) -> Task:
        """Do what the task waits for, and let a worker run it."""
        task = fresh(task)
        if task.status in {TaskStatus.SUSPENDED, TaskStatus.FAILED}:
            resume_task(task_id=task.pk, actor="ada", inputs=ANSWERS if task.status == TaskStatus.SUSPENDED else None)
        if task.status == TaskStatus.AWAITING_CALLBACK:
            answer_callback(task_id=task.pk, token=self.supplier.token, result="fine")
        self.clock.now = fresh(task).available_at or self.clock.now
        return run_due(self.clock, task)

    def resume_at(self, task: Task, name: str) -> Task:
        """Resume the task at a step, with answers if that asks for them, and let a worker run it."""
        asks = self.kind == "suspended" and name.startswith("B")
        inputs = ANSWERS if asks else None
        resume_task(task_id=task.pk, actor="ada", inputs=inputs, resume_at=self.standing(name))
        return run_due(self.clock, task)

    def finish(self, task: Task) -> Task:
        """Go on with the task until it has ended, however often it stops at B again."""
        while fresh(task).status in {TaskStatus.SUSPENDED, TaskStatus.AWAITING_CALLBACK}:
            self.go_on(task)
        return fresh(task)


def assert_completed(deployment: Deployment, task: Task, *, ran: str, revision: int) -> None:
    """Check that a task has run the steps named, and none twice, under the version that is deployed."""
    task = deployment.finish(task)
    assert_status(task, TaskStatus.COMPLETED)
    assert deployment.ran == ran.split()
    assert (task.revision, task.steps_version) == (revision, version_of(get_definition("task_deployed")).id)
    assert last_state(task)["A"] is True  # of the step that ran under the old version
    names = [each.name for each in get_definition("task_deployed").steps]
    later = [row for row in task.steps.order_by("id") if row.attempt > 1 and row.status in {"success", "complete"}]
    assert {row.revision for row in later} == {revision}
    assert [names[row.position] for row in later] == [row.name for row in later]
    assert StepsVersion.objects.filter(pk=task.steps_version).exists()


def columns(task: Task) -> dict[str, Any]:
    return {**Task.objects.filter(pk=task.pk).values().get()}
