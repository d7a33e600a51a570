"""Forms about schedules: writing one, pausing, running it now, running past instants again, doing one thing to many."""

from schedules.forms.bulk import FORMS, BulkForm
from schedules.forms.inputs import PREFIX, typed_as_json
from schedules.forms.pausing import PauseForm
from schedules.forms.running import BackfillForm, RunByFormForm, RunForm
from schedules.forms.schedules import FIRES_SHOWN, ScheduleForm, SchedulePreviewForm

__all__ = [
    "FIRES_SHOWN",
    "FORMS",
    "PREFIX",
    "BackfillForm",
    "BulkForm",
    "PauseForm",
    "RunByFormForm",
    "RunForm",
    "ScheduleForm",
    "SchedulePreviewForm",
    "typed_as_json",
]
