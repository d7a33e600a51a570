from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from orchestrator_site import health, openapi_views
from orchestrator_site.graphql_view import GraphqlView

admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/scheduler", health.scheduler),
    path("admin/", include("orchestrator_site.admin_pages")),
    path("admin/", admin.site.urls),
    re_path(r"^api/graphql/?$", GraphqlView.as_view(), name="graphql"),
    re_path(r"^api/schema/?$", openapi_views.SchemaView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", openapi_views.show_docs, name="api-docs"),
    path("api/", include("workflows.urls")),
    path("api/", include("tasks.urls")),
    path("api/", include("schedules.urls")),
]

handler400 = "orchestrator_site.error_views.bad_request"
handler403 = "orchestrator_site.error_views.permission_denied"
handler404 = "orchestrator_site.error_views.page_not_found"
handler500 = "orchestrator_site.error_views.server_error"
