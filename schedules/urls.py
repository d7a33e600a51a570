"""Routes below /api/; each works with and without a trailing slash."""

from django.urls import re_path

from schedules.action_views import BackfillScheduleView, BulkSchedulesView, RunScheduleView
from schedules.explanation_views import ScheduleExplainView
from schedules.forecast_views import ForecastView
from schedules.process_views import SchedulersView
from schedules.views import (
    FiringsView,
    PauseScheduleView,
    ResumeScheduleView,
    ScheduleFiringsView,
    ScheduleNextView,
    SchedulePreviewView,
    SchedulesView,
    ScheduleView,
)

urlpatterns = [
    re_path(r"^schedules/?$", SchedulesView.as_view(), name="schedules"),
    re_path(
        r"^schedules/preview/?$", SchedulePreviewView.as_view(), name="schedule-preview"
    ),  # before what takes any id
    re_path(r"^schedules/bulk/?$", BulkSchedulesView.as_view(), name="schedules-bulk"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/?$", ScheduleView.as_view(), name="schedule"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/pause/?$", PauseScheduleView.as_view(), name="schedule-pause"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/resume/?$", ResumeScheduleView.as_view(), name="schedule-resume"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/run/?$", RunScheduleView.as_view(), name="schedule-run"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/backfill/?$", BackfillScheduleView.as_view(), name="schedule-backfill"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/firings/?$", ScheduleFiringsView.as_view(), name="schedule-firings"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/next/?$", ScheduleNextView.as_view(), name="schedule-next"),
    re_path(r"^schedules/(?P<schedule_id>[^/]+)/explain/?$", ScheduleExplainView.as_view(), name="schedule-explain"),
    re_path(r"^schedulers/?$", SchedulersView.as_view(), name="schedulers"),
    re_path(r"^forecast/?$", ForecastView.as_view(), name="forecast"),
    re_path(r"^firings/?$", FiringsView.as_view(), name="firings"),
]
