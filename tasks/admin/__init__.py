"""The admin pages of tasks, of the engine that runs them, and of its workers; and what became of workflows' tasks."""

from tasks.admin.engine import EngineFreezeAdmin
from tasks.admin.tasks import TaskAdmin
from tasks.admin.workers import WorkerAdmin
from tasks.admin.workflows import RecordedWorkflowAdmin

__all__ = ["EngineFreezeAdmin", "RecordedWorkflowAdmin", "TaskAdmin", "WorkerAdmin"]
