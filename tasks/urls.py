"""Routes under /api/."""

urlpatterns = []
