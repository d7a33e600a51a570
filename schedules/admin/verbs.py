"""The verbs of a schedule: running it now, or again for times that have passed; pausing it, and letting it go on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchestrator_site.common.admin.asking import UnusableForm, find_initial, make_asked
from orchestrator_site.common.admin.display import page_link, show_moment
from orchestrator_site.common.admin.pages import for_user
from orchestrator_site.common.admin.verbs import ButtonVerb, FormVerb, LinkVerb, Verb
from orchestrator_site.common.errors import Forbidden
from schedules.admin.duplicating import copy_url
from schedules.forms import BackfillForm, PauseForm, RunByFormForm, RunForm
from schedules.models import Schedule, ScheduleState
from schedules.pausing import resume_schedule
from schedules.running import Backfill, run_schedule_now
from tasks.models import Task
from tasks.starting import check_may_start, find_definition

RUN = "schedules.run_schedule"
PAUSE = "schedules.pause_schedule"
ADD = "schedules.add_schedule"
VIEW = "schedules.view_schedule"
# The button that runs what has been looked at.
DO = "_do"


@dataclass(frozen=True, slots=True)
class PastTime:
    """A time that would run again, as people read it."""

    local: str
    utc: str
    outcome: str
    reason: str


def run_now(schedule: Schedule, user: Any) -> str:
    """Start its task, and say where to look."""
    return _say_started(run_schedule_now(schedule=schedule, actor=user.get_username(), user=user), schedule)


def resume(schedule: Schedule, user: Any) -> str:
    """End its pause, or try its trigger again, and say what comes of it."""
    resumed = resume_schedule(schedule_id=schedule.pk, actor=user.get_username())
    values = {"name": resumed.name, "why": resumed.state_reason, "when": show_moment(resumed.next_run_at)}
    if resumed.state == ScheduleState.FINISHED:
        return _("“%(name)s” is finished: %(why)s.") % values
    return _("“%(name)s” goes on; it runs next at %(when)s.") % values


def may_run(schedule: Schedule, user: Any) -> bool:
    """Tell whether its workflow lets a user start it."""
    try:
        check_may_start(find_definition(schedule.workflow.name), user)
    except Forbidden:
        return False
    return True


def make_run_form(request: HttpRequest, schedule: Schedule) -> RunForm | RunByFormForm:
    """Return the form of its workflow, if that has one that can be shown, else one for JSON, with its own inputs."""
    definition = find_definition(schedule.workflow.name)
    by_json: dict[str, Any] = {"instance": schedule, "initial": {"inputs": schedule.inputs}}
    if definition is None or definition.initial_input_form is None:
        return for_user(RunForm, request)(_sent(request), **by_json)
    try:
        asked = make_asked(definition.initial_input_form)
    except UnusableForm as error:
        return for_user(RunForm, request, problem=str(error))(_sent(request), **by_json)
    form = for_user(RunByFormForm, request, asked=asked)
    return form(_sent(request), instance=schedule, initial=find_initial(asked, schedule.inputs))


def make_backfill_form(request: HttpRequest, schedule: Schedule) -> BackfillForm:
    """Return the form of a backfill, which only looks ahead until somebody has seen what would run.

    An address may say of which stretch, as the form takes its ends.
    """
    form = for_user(BackfillForm, request, is_dry_run=DO not in request.POST)
    known = {name: request.GET[name] for name in ("first", "until") if name in request.GET}
    return form(_sent(request), instance=schedule, initial=known)


def make_pause_form(request: HttpRequest, schedule: Any) -> PauseForm:
    """Return the form of a pause, with the reason and the end of the one it is in."""
    is_paused = schedule.shown_state == ScheduleState.PAUSED
    known = {"reason": schedule.pause_reason, "until": schedule.paused_until} if is_paused else {}
    return for_user(PauseForm, request)(_sent(request), instance=schedule, initial=known)


def describe_backfill(form: BackfillForm) -> dict[str, Any]:
    """Return what would run, once it is known."""
    if form.backfill is None:
        return {}
    schedule: Schedule = form.instance
    decisions = [entry.decision for entry in form.backfill.entries]
    rows = [
        PastTime(
            local=_show(each.scheduled_for, ZoneInfo(schedule.timezone)),
            utc=f"{each.scheduled_for:%Y-%m-%d %H:%M:%S}",
            outcome=each.outcome,
            reason=each.reason,
        )
        for each in decisions
    ]
    return {"rows": rows, "summary": _summarise(form.backfill), "zone": schedule.timezone, "button": DO}


def _summarise(backfill: Backfill) -> str:
    count = len(backfill.entries)
    if not count:
        return _("Nothing would run: there is no such time.")
    what = ngettext("%(count)s time would run", "%(count)s times would run, the oldest first", count) % {"count": count}
    return _("%(what)s; there are more than the limit") % {"what": what} if backfill.is_truncated else what


def _say_backfilled(form: BackfillForm) -> str:
    assert form.backfill is not None, "a valid form has it"
    count = len(form.backfill.entries)
    told = ngettext("%(count)s task is on the queue.", "%(count)s tasks are on the queue.", count) % {"count": count}
    return f"{told} {_('There are more times than the limit.')}" if form.backfill.is_truncated else told


def _say_paused(form: PauseForm) -> str:
    schedule: Schedule = form.instance
    values = {"name": schedule.name, "end": show_moment(schedule.paused_until) or _("somebody resumes it")}
    return _("“%(name)s” is paused until %(end)s: nothing of it is fired.") % values


def _say_run(form: RunForm | RunByFormForm) -> str:
    assert form.task is not None, "a valid form has started it"
    return _say_started(form.task, form.instance)


def _say_started(task: Task, schedule: Schedule) -> SafeString:
    link = page_link("tasks_task", task.pk, _("a task"))
    return format_html(_("Started {task} of “{name}”."), task=link, name=schedule.name)


def _show(moment: datetime, zone: ZoneInfo) -> str:
    return format_date(moment.astimezone(zone), "D Y-m-d H:i:s T")


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _is_in(*states: ScheduleState) -> Callable[[Any], bool]:
    return lambda schedule: schedule.shown_state in states


VERBS: tuple[Verb, ...] = (
    ButtonVerb(name="run", label=gettext_lazy("Run now"), permission=RUN, act=run_now, is_allowed=may_run),
    ButtonVerb(
        name="resume",
        label=gettext_lazy("Resume"),
        permission=PAUSE,
        act=resume,
        is_offered=_is_in(ScheduleState.PAUSED, ScheduleState.BROKEN),
    ),
    FormVerb(
        name="run-with-inputs",
        label=gettext_lazy("Run with inputs"),
        permission=RUN,
        is_allowed=may_run,
        make_form=make_run_form,
        tell=_say_run,
        hint=gettext_lazy(
            "It starts a task now, with these inputs in the place of the schedule's own. The schedule does not move."
        ),
    ),
    FormVerb(
        name="backfill",
        label=gettext_lazy("Backfill"),
        permission=RUN,
        is_allowed=may_run,
        make_form=make_backfill_form,
        tell=_say_backfilled,
        is_done=lambda form: not form.is_dry_run,
        hint=gettext_lazy(
            "Runs times that have passed, by the trigger as it is now. First you are shown what would run."
        ),
        template="admin/schedules/schedule/backfill.html",
        describe=describe_backfill,
    ),
    FormVerb(
        name="pause",
        label=gettext_lazy("Pause"),
        permission=PAUSE,
        is_offered=_is_in(ScheduleState.ACTIVE),
        make_form=make_pause_form,
        tell=_say_paused,
        hint=gettext_lazy("Nothing of it is fired until its pause is over. Run now and backfill go on working."),
    ),
    FormVerb(
        name="change-pause",
        label=gettext_lazy("Change the pause"),
        permission=PAUSE,
        is_offered=_is_in(ScheduleState.PAUSED),
        make_form=make_pause_form,
        tell=_say_paused,
        hint=gettext_lazy("Its reason and its end; the pause has begun when it has begun."),
    ),
    LinkVerb(
        name="duplicate",
        label=gettext_lazy("Duplicate"),
        permission=ADD,
        is_allowed=lambda _, user: user.has_perm(VIEW),
        go_to=copy_url,
    ),
)
