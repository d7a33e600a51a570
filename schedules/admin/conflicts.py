"""When somebody else saved a schedule first: a page with both sides, on which one chooses part by part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from orchestrator_site.common.admin.display import show_moment, show_time
from orchestrator_site.common.admin.pages import PageAdmin
from orchestrator_site.common.admin.texts import Text
from schedules.forms import ScheduleForm
from schedules.forms.conflicts import (
    INPUTS,
    PARTS,
    PICK,
    TRIGGER,
    Difference,
    Side,
    find_differences,
    merge,
    read_snapshot,
    snapshot_of,
)
from schedules.models import Schedule

PAGE = "admin/schedules/schedule/conflict.html"
# The page sends what was filled in, the version that it has shown, and the choice: part by part, or all of mine.
SEEN, ALL_MINE = "seen_version", "_all_mine"
_NOT_SENT_AGAIN = frozenset({"csrfmiddlewaretoken", SEEN, ALL_MINE})


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of a schedule as two people have it, for one to choose from.

    Attributes:
        changes: Who has changed it, in words.
        suggested: Whose is chosen at first.
    """

    name: str
    label: Text
    mine: str
    theirs: str
    opened: str | None
    changes: str
    suggested: str


class ConflictAdmin(PageAdmin):
    """A page of a row that two people may save."""

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Take what was chosen as what was filled in; then go on as always, with all checks."""
        if request.method == "POST" and SEEN in request.POST and object_id is not None:
            schedule = self.get_object(request, object_id)
            if schedule is not None:
                request.POST = _choose(request.POST, schedule)  # type: ignore[assignment]  # a copy is one, too
        return super().changeform_view(request, object_id, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show both sides in place of the form where there are two."""
        form: ScheduleForm = context["adminform"].form
        theirs = getattr(form, "stored_meanwhile", None)
        if theirs is None:
            answer: HttpResponse = super().render_change_form(request, context, **kwargs)
            return answer
        shown = {"title": theirs.name, "original": theirs, **_describe(form, theirs, request.POST)}
        return TemplateResponse(request, PAGE, {**context, **shown, "opts": self.opts, "media": self.media})


def _choose(sent: QueryDict, schedule: Schedule) -> QueryDict:
    """Return the form that comes of both; with the version that the page has shown, if everything was chosen."""
    picks = {part: str(sent.get(PICK + part, "")) for part in PARTS}
    if ALL_MINE in sent:
        picks = dict.fromkeys(PARTS, str(Side.MINE))
    data = merge(sent, schedule, picks)
    for part in PARTS:
        data.pop(PICK + part, None)
    asked = str(sent.get("asked", "")).split()
    # Else the old version stays, and the page comes once more.
    if all(picks.get(part) in set(Side) for part in asked):
        data["version"] = str(sent[SEEN])
    return data


def _describe(form: ScheduleForm, theirs: Schedule, sent: QueryDict) -> dict[str, Any]:
    differences = find_differences(
        mine=form.snapshot(), theirs=snapshot_of(theirs), opened=read_snapshot(form.cleaned_data.get("opened", ""))
    )
    page = reverse("admin:schedules_schedule_change", args=[theirs.pk])
    return {
        "theirs": theirs,
        "changed_at": show_moment(theirs.updated_at),
        "changed": show_time(theirs.updated_at, now=now(), zone=theirs.timezone),
        "choices": [_make_choice(each, form, theirs) for each in differences],
        "asked": " ".join(each.part for each in differences),
        "has_opened": bool(differences) and differences[0].opened is not None,
        "sent": list(_list_sent(sent)),
        "seen_field": SEEN,
        "all_mine": ALL_MINE,
        "pick": PICK,
        "page_url": page,
    }


def _make_choice(difference: Difference, form: ScheduleForm, theirs: Schedule) -> Choice:
    words = _words_of(form, difference.part)
    who = {Side.MINE: _("you"), Side.THEIRS: theirs.updated_by}
    changed_by = [who[side] for side in difference.changed_by]
    if len(changed_by) == len(Side):
        changes = _("changed by both of you")
    else:
        changes = _("changed by %(who)s") % {"who": changed_by[0]} if changed_by else _("different")
    return Choice(
        name=difference.part,
        label=_label_of(form, difference.part),
        mine=words.get(difference.mine, difference.mine),
        theirs=words.get(difference.theirs, difference.theirs),
        opened=None if difference.opened is None else words.get(difference.opened, difference.opened),
        changes=changes,
        suggested=str(difference.suggested or ""),
    )


def _label_of(form: ScheduleForm, part: str) -> Text:
    if part in {TRIGGER, INPUTS}:
        return _("When it runs") if part == TRIGGER else _("Inputs")
    return form.fields[part].label or part


def _words_of(form: ScheduleForm, part: str) -> Mapping[str, str]:
    """Return the words of a field's choices; none of a part that has no choices."""
    choices: Sequence[tuple[str, Text]] = getattr(form.fields.get(part), "choices", ()) if part != TRIGGER else ()
    return {str(value): str(words) for value, words in choices}


def _list_sent(sent: QueryDict) -> Iterator[tuple[str, str]]:
    """Return each value that was filled in, for the page to send it again."""
    for name, values in sent.lists():
        if name not in _NOT_SENT_AGAIN and name != "asked":
            yield from ((name, str(value)) for value in values)
