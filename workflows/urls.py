"""Routes below /api/; each works with and without a trailing slash."""

from django.urls import re_path

from workflows.views import WorkflowsView

urlpatterns = [re_path(r"^workflows/?$", WorkflowsView.as_view(), name="workflows")]
