"""Starting a task by hand: choosing its workflow, and giving its inputs."""

from typing import Any

from django import forms

from orchestrator_site.common.admin.asking import AskingForm
from orchestrator_site.common.admin.forms import ServiceForm, list_messages
from orchestrator_site.common.errors import Conflict, Forbidden, InvalidValue, Refused
from tasks.forms.inputs import InputsField, TaskWorkflowField
from tasks.models import Task
from tasks.services import start_task
from workflows.models import Workflow


class ChooseWorkflowForm(forms.Form):
    """Leads to the form that starts a task of a workflow."""

    workflow = TaskWorkflowField()


class StartTaskForm(ServiceForm):
    """Starts a task by hand, with inputs as JSON: of a workflow that declares no form."""

    workflow: Workflow
    inputs = InputsField()

    class Meta(ServiceForm.Meta):
        model = Task

    def write(self) -> Task | None:
        """Put it on the queue."""
        try:
            return start(self, self.cleaned_data["inputs"])
        except InvalidValue as error:
            self.add_error("inputs", list_messages(error))
        return None


class StartByFormForm(AskingForm):
    """Starts a task by hand, by the form that its workflow declares."""

    workflow: Workflow

    class Meta(AskingForm.Meta):
        model = Task

    def write(self) -> Task | None:
        """Put it on the queue."""
        try:
            return start(self, self.cleaned_data)
        except InvalidValue as error:
            self.show_refusal(error)
        return None


def start(form: StartTaskForm | StartByFormForm, inputs: dict[str, Any]) -> Task | None:
    """Start a task; show why not above the form if that is not about its fields.

    Raises:
        InvalidValue, InvalidFields: No task can start with these inputs.
    """
    try:
        return start_task(workflow=form.workflow, inputs=inputs, actor=form.actor, user=form.user)
    except (Conflict, Forbidden, Refused) as error:
        form.add_error(None, str(error))
    return None
