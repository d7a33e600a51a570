"""Routes below /api/; each works with and without a trailing slash."""

from django.urls import re_path

from tasks.callback_views import CallbackProgressView, CallbackView
from tasks.engine_views import EngineView, FreezeView, UnfreezeView
from tasks.views import AbortTaskView, ResumeTasksView, ResumeTaskView, RetryTaskView, TasksView, TaskView

ID = r"(?P<task_id>[^/]+)"
CALLBACK = rf"^tasks/{ID}/callback/(?P<token>[^/]+)"

urlpatterns = [
    re_path(r"^tasks/?$", TasksView.as_view(), name="tasks"),
    re_path(r"^tasks/resume/?$", ResumeTasksView.as_view(), name="resume-tasks"),  # before the next: it is no id
    re_path(rf"^tasks/{ID}/?$", TaskView.as_view(), name="task"),
    re_path(rf"^tasks/{ID}/resume/?$", ResumeTaskView.as_view(), name="resume-task"),
    re_path(rf"^tasks/{ID}/retry/?$", RetryTaskView.as_view(), name="retry-task"),
    re_path(rf"^tasks/{ID}/abort/?$", AbortTaskView.as_view(), name="abort-task"),
    re_path(rf"{CALLBACK}/?$", CallbackView.as_view(), name="callback"),  # tasks.callbacks.ROUTE
    re_path(rf"{CALLBACK}/progress/?$", CallbackProgressView.as_view(), name="callback-progress"),
    re_path(r"^engine/?$", EngineView.as_view(), name="engine"),
    re_path(r"^engine/freeze/?$", FreezeView.as_view(), name="freeze-engine"),
    re_path(r"^engine/unfreeze/?$", UnfreezeView.as_view(), name="unfreeze-engine"),
]
