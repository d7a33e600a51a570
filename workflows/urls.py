"""Routes below /api/; each works with and without a trailing slash."""

from django.urls import re_path

from workflows.views import TranslationsView, WorkflowFormsView, WorkflowsView

urlpatterns = [
    re_path(r"^workflows/?$", WorkflowsView.as_view(), name="workflows"),
    re_path(r"^workflows/(?P<name>[^/]+)/form/?$", WorkflowFormsView.as_view(), name="workflow-forms"),
    re_path(r"^translations/(?P<language>[^/]+)/?$", TranslationsView.as_view(), name="translations"),
]
