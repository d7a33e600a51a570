"""Forms about tasks: starting one by hand and answering one that asks."""

from tasks.forms.answering import AnswerForm
from tasks.forms.inputs import InputsField, TaskWorkflowField
from tasks.forms.starting import ChooseWorkflowForm, StartByFormForm, StartTaskForm

__all__ = [
    "AnswerForm",
    "ChooseWorkflowForm",
    "InputsField",
    "StartByFormForm",
    "StartTaskForm",
    "TaskWorkflowField",
]
