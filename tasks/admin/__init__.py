"""The admin pages of tasks, of the engine that runs them, and of its workers."""

from tasks.admin.engine import EngineFreezeAdmin
from tasks.admin.tasks import TaskAdmin
from tasks.admin.workers import WorkerAdmin

__all__ = ["EngineFreezeAdmin", "TaskAdmin", "WorkerAdmin"]
