import pytest
from django import forms

from tasks.models import TaskStatus
from tasks.services import resume_task
from tasks.starting import FormBroken
from tests.support.factories import make_task, make_workflow, register_code
from workflows.engine import inputstep


class FileForm(forms.Form):
    plan = forms.FileField()


@pytest.mark.django_db
def test_a_task_of_a_workflow_whose_form_cannot_be_used_is_not_resumed() -> None:
    task = make_task(make_workflow(), status=TaskStatus.FAILED)
    register_code(task.workflow.name, [inputstep("Where", form=FileForm)(lambda plan: None)])
    with pytest.raises(FormBroken, match="takes a file"):
        resume_task(task_id=task.pk, actor="somebody")
    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED
