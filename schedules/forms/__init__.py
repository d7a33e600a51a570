"""Forms about schedules: writing one, and looking ahead at what was typed of it."""

from schedules.forms.schedules import FIRES_SHOWN, ScheduleForm, SchedulePreviewForm

__all__ = ["FIRES_SHOWN", "ScheduleForm", "SchedulePreviewForm"]
