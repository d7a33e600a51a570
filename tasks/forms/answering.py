"""Answering the form of the step at which a task stands."""

from orchestrator_site.common.admin.asking import AskingForm
from orchestrator_site.common.errors import InvalidValue
from tasks.models import Task
from tasks.services import resume_task
from tasks.starting import FormBroken


class AnswerForm(AskingForm):
    """Answers what a task asks, and puts it back on the queue.

    Attributes:
        resume_at: The step whose form it is, if somebody had to choose it.
    """

    resume_at: str | None
    prefix = "answers"

    class Meta(AskingForm.Meta):
        model = Task

    def write(self) -> Task | None:
        """Resume the task with what was typed.

        Raises:
            Conflict, Forbidden: The task cannot be resumed, or not by this user.
        """
        try:
            return resume_task(
                task_id=self.instance.pk,
                actor=self.actor,
                user=self.user,
                inputs=self.cleaned_data,
                resume_at=self.resume_at,
            )
        except InvalidValue as error:
            self.show_refusal(error)
        except FormBroken as error:
            self.add_error(None, str(error))
        return None
