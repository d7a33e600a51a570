"""How the states of tasks and of their steps look."""

from django.utils.translation import gettext_lazy as _

from orchestrator_site.common.admin.display import BAD, BUSY, GOOD, ODD
from orchestrator_site.common.admin.marks import QUIET, Mark
from tasks.models import StepStatus, TaskStatus

TASK_MARKS: dict[str, Mark] = {
    TaskStatus.CREATED: Mark(_("created"), QUIET, "hourglass_empty"),
    TaskStatus.RUNNING: Mark(_("running"), BUSY, "play_circle"),
    TaskStatus.SUSPENDED: Mark(_("suspended"), ODD, "front_hand"),
    TaskStatus.WAITING: Mark(_("waiting"), ODD, "update"),
    TaskStatus.AWAITING_CALLBACK: Mark(_("awaiting callback"), BUSY, "phone_callback"),
    TaskStatus.ABORTED: Mark(_("aborted"), QUIET, "block"),
    TaskStatus.FAILED: Mark(_("failed"), BAD, "error"),
    TaskStatus.API_UNAVAILABLE: Mark(_("API unavailable"), BAD, "cloud_off"),
    TaskStatus.INCONSISTENT_DATA: Mark(_("inconsistent data"), BAD, "rule"),
    TaskStatus.COMPLETED: Mark(_("completed"), GOOD, "check_circle"),
    TaskStatus.RESUMED: Mark(_("resumed"), QUIET, "redo"),
}
# What a step of that status did, where the status alone does not say it.
STEP_MARKS: dict[str, Mark] = {
    StepStatus.SUCCESS: Mark(_("success"), GOOD, "check_circle"),
    StepStatus.SKIPPED: Mark(_("skipped"), QUIET, "skip_next"),
    StepStatus.SUSPEND: Mark(_("asks for answers"), ODD, "front_hand"),
    StepStatus.WAITING: Mark(_("failed, tried again later"), ODD, "update"),
    StepStatus.AWAITING_CALLBACK: Mark(_("awaits a callback"), BUSY, "phone_callback"),
    StepStatus.FAILED: Mark(_("failed"), BAD, "error"),
    StepStatus.ABORT: Mark(_("aborts the task"), BAD, "block"),
    StepStatus.COMPLETE: Mark(_("complete"), GOOD, "flag"),
}
OVERDUE = Mark(_("overdue"), BAD, "timer")
RUNS_NOW = Mark(_("running"), BUSY, "play_circle")
COMES_NEXT = Mark(_("next"), QUIET, "hourglass_empty")
TO_COME = Mark(_("to come"), QUIET, "circle")
