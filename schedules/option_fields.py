"""The options of a schedule beside its trigger, as fields of a form whose choices are said in words."""

from collections.abc import Mapping

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from schedules.triggers import DST_FOLDS, DST_GAPS, MAX_SPREAD_SECONDS, MISSING_DAYS

GAP_WORDS = {"run_after": "run at the first moment after the gap", "skip": "do not run on that day"}
FOLD_WORDS = {"first": "run the first time", "second": "run the second time", "both": "run both times"}
MISSING_DAY_WORDS = {"skip": "leave that month out", "last_day": "run on its last day"}

# The kinds of trigger that an option concerns; and, or may hold any.
TIMES_OF_DAY = "cron calendarinterval and or"
CALENDAR = "calendarinterval and or"


def choose_gap() -> forms.ChoiceField:
    """Return the field of `dst_gap`."""
    hint = "A time of day of cron or calendarinterval that does not exist on the day on which clocks go forward."
    return _choose(DST_GAPS, GAP_WORDS, label="When the clocks skip it", hint=hint, kinds=TIMES_OF_DAY)


def choose_fold() -> forms.ChoiceField:
    """Return the field of `dst_fold`."""
    hint = "A time of day of cron or calendarinterval that comes twice on the day on which clocks go back."
    return _choose(DST_FOLDS, FOLD_WORDS, label="When the clocks repeat it", hint=hint, kinds=TIMES_OF_DAY)


def choose_missing_day() -> forms.ChoiceField:
    """Return the field of `on_missing_day`."""
    hint = "For a calendarinterval of months or years that counts from a 29th, 30th or 31st."
    return _choose(MISSING_DAYS, MISSING_DAY_WORDS, label="When a month lacks the day", hint=hint, kinds=CALENDAR)


def choose_spread() -> forms.IntegerField:
    """Return the field of `spread_seconds`."""
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_SPREAD_SECONDS,
        label="Spread over seconds",
        help_text="It runs later by up to so many seconds, always by the same number, so that not all schedules of a "
        "minute start at once.",
        widget=UnfoldAdminIntegerFieldWidget({"placeholder": "0", "autocomplete": "off"}),
    )


def _choose(
    values: tuple[str, ...], words: Mapping[str, str], *, label: str, hint: str, kinds: str
) -> forms.ChoiceField:
    """Return a choice; the form's script shows it for the kinds that it concerns."""
    choices = [(value, words[value]) for value in values]
    widget = UnfoldAdminSelectWidget({"data-for-kinds": kinds})
    return forms.ChoiceField(choices=choices, required=False, label=label, help_text=hint, widget=widget)
