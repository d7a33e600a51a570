"""Forms about tasks: starting one by hand, answering one that asks, freezing the engine."""

from tasks.forms.answering import AnswerForm
from tasks.forms.freezing import FreezeForm
from tasks.forms.inputs import InputsField, TaskWorkflowField
from tasks.forms.starting import ChooseWorkflowForm, StartByFormForm, StartTaskForm

__all__ = [
    "AnswerForm",
    "ChooseWorkflowForm",
    "FreezeForm",
    "InputsField",
    "StartByFormForm",
    "StartTaskForm",
    "TaskWorkflowField",
]
