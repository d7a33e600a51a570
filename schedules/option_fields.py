"""The options of a schedule beside its trigger, as fields of a form whose choices are said in words."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from schedules.choice_fields import Choice, choose
from schedules.triggers import DST_FOLDS, DST_GAPS, MAX_SPREAD_SECONDS, MISSING_DAYS

GAP_CHOICES = {
    "run_after": Choice(
        _("Run at the first moment after the gap"),
        _("Planned for 02:30 on the night on which 02:00 is followed by 03:00: it runs at 03:00."),
    ),
    "skip": Choice(_("Do not run on that day"), _("That night is left out; the next night it runs at 02:30 again.")),
}
FOLD_CHOICES = {
    "first": Choice(
        _("Run the first time"),
        _("Planned for 02:30 on the night on which 03:00 is followed by 02:00: it runs before the clocks go back."),
    ),
    "second": Choice(_("Run the second time"), _("It runs at 02:30 after the clocks have gone back, an hour later.")),
    "both": Choice(_("Run both times"), _("It runs twice that night, an hour apart.")),
}
MISSING_DAY_CHOICES = {
    "skip": Choice(_("Leave that month out"), _("Monthly from 31 January: next on 31 March.")),
    "last_day": Choice(_("Run on its last day"), _("Monthly from 31 January: next on 28 or 29 February.")),
}

# The kinds of trigger that an option concerns; and, or may hold any.
TIMES_OF_DAY = "cron calendarinterval and or"
CALENDAR = "calendarinterval and or"


def choose_gap() -> forms.ChoiceField:
    """Return the field of `dst_gap`."""
    return choose(
        DST_GAPS,
        GAP_CHOICES,
        label=_("When the clocks skip it"),
        hint=_("A time of day of cron or calendarinterval that does not exist on the day on which clocks go forward."),
        kinds=TIMES_OF_DAY,
        is_required=False,
    )


def choose_fold() -> forms.ChoiceField:
    """Return the field of `dst_fold`."""
    return choose(
        DST_FOLDS,
        FOLD_CHOICES,
        label=_("When the clocks repeat it"),
        hint=_("A time of day of cron or calendarinterval that comes twice on the day on which clocks go back."),
        kinds=TIMES_OF_DAY,
        is_required=False,
    )


def choose_missing_day() -> forms.ChoiceField:
    """Return the field of `on_missing_day`."""
    return choose(
        MISSING_DAYS,
        MISSING_DAY_CHOICES,
        label=_("When a month lacks the day"),
        hint=_("For a calendarinterval of months or years that counts from a 29th, 30th or 31st."),
        kinds=CALENDAR,
        is_required=False,
    )


def choose_spread() -> forms.IntegerField:
    """Return the field of `spread_seconds`."""
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_SPREAD_SECONDS,
        label=_("Spread over seconds"),
        help_text=_(
            "It runs later by up to so many seconds, always by the same number, so that not all schedules of a minute "
            "start at once."
        ),
        widget=UnfoldAdminIntegerFieldWidget({"placeholder": "0", "autocomplete": "off"}),
    )
