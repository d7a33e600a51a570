"""Routes below /api/; each works with and without a trailing slash."""

from django.urls import re_path

from tasks.views import AbortTaskView, ResumeTaskView, TasksView, TaskView

urlpatterns = [
    re_path(r"^tasks/?$", TasksView.as_view(), name="tasks"),
    re_path(r"^tasks/(?P<task_id>[^/]+)/?$", TaskView.as_view(), name="task"),
    re_path(r"^tasks/(?P<task_id>[^/]+)/resume/?$", ResumeTaskView.as_view(), name="resume-task"),
    re_path(r"^tasks/(?P<task_id>[^/]+)/abort/?$", AbortTaskView.as_view(), name="abort-task"),
]
