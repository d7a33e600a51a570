"""Forms about schedules: writing one, pausing, running it now, running past instants again."""

from schedules.forms.pausing import PauseForm, PauseManyForm
from schedules.forms.running import BackfillForm, RunByFormForm, RunForm
from schedules.forms.schedules import FIRES_SHOWN, ScheduleForm, SchedulePreviewForm

__all__ = [
    "FIRES_SHOWN",
    "BackfillForm",
    "PauseForm",
    "PauseManyForm",
    "RunByFormForm",
    "RunForm",
    "ScheduleForm",
    "SchedulePreviewForm",
]
