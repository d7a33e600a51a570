"""Workers: which processes run tasks, whether they are alive, what they run now, and which code they have."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchestrator_site.common.admin.display import BAD, GOOD, list_link, moment_column, page_link, show_time
from orchestrator_site.common.admin.empty import EmptyState
from orchestrator_site.common.admin.live import LiveListAdmin
from orchestrator_site.common.admin.marks import Mark, show_mark
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from tasks.admin.standing import find_version
from tasks.deploys import STALE_AFTER
from tasks.models import WorkerProcess
from tasks.selectors import find_tasks_of_workers
from tasks.starting import find_definition

ALIVE = Mark(gettext_lazy("alive"), GOOD, "check_circle")
STALE = Mark(gettext_lazy("stale"), BAD, "error")
# A worker may run many at a time; the list of tasks has all of them.
SHOWN_TASKS = 5


@admin.register(WorkerProcess)
class WorkerAdmin(LiveListAdmin, ReadOnlyAdmin):
    """Workers, the one that was seen last first."""

    list_display = ("id", "state", "runs_now", "host", "pid", "started", "seen", "knows")
    ordering = ("-last_seen_at", "id")
    empty_state = EmptyState(
        title=gettext_lazy("No worker is known"),
        text=gettext_lazy("A worker runs tasks: none of them goes on before “manage.py worker” starts one."),
        icon="dns",
    )
    fields = ("id", "state", "runs_now", "host", "pid", "started", "seen", "known_versions")
    readonly_fields = fields

    started = moment_column("started_at", gettext_lazy("since"))

    class Media:
        css: ClassVar = {"all": ("admin-pages/tasks.css",)}

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Leave what they run out for those who may not see tasks."""
        return [name for name in super().get_list_display(request) if name != "runs_now" or _may_see_tasks(request)]

    def get_fields(self, request: HttpRequest, obj: WorkerProcess | None = None) -> list[str]:
        """Leave what it runs out for those who may not see tasks."""
        return [name for name in self.fields if name != "runs_now" or _may_see_tasks(request)]

    def complete_rows(self, rows: Sequence[Any]) -> None:
        """Add what each runs, and judge all of them as of one moment."""
        moment, tasks = now(), find_tasks_of_workers([worker.pk for worker in rows])
        for worker in rows:
            worker.shown_at, worker.tasks = moment, tasks.get(worker.pk, [])

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> WorkerProcess | None:
        """Return a worker, completed."""
        worker: WorkerProcess | None = super().get_object(request, object_id, from_field)
        self.complete_rows([worker] if worker else [])
        return worker

    @display(description=gettext_lazy("state"))
    def state(self, worker: Any) -> SafeString:
        """Show whether it has been seen lately."""
        return show_mark(ALIVE if worker.last_seen_at > worker.shown_at - STALE_AFTER else STALE)

    @display(description=gettext_lazy("last seen"))
    def seen(self, worker: Any) -> SafeString | None:
        """Show how long ago it was seen."""
        return show_time(worker.last_seen_at, now=worker.shown_at)

    @display(description=gettext_lazy("runs now"))
    def runs_now(self, worker: Any) -> SafeString | None:
        """Link to the tasks that it has."""
        if not worker.tasks:
            return None
        links = [(page_link("tasks_task", task.pk, task.workflow),) for task in worker.tasks[:SHOWN_TASKS]]
        shown = format_html_join(", ", "{}", links)
        if len(worker.tasks) <= SHOWN_TASKS:
            return shown
        more = _("and %(count)s more") % {"count": len(worker.tasks) - SHOWN_TASKS}
        return format_html("{} {}", shown, list_link("tasks_task", "status=running", more))

    @display(description=gettext_lazy("knows"))
    def knows(self, worker: WorkerProcess) -> str:
        """Show how many workflows it has code for."""
        count = len(worker.versions)
        return ngettext("%(count)s workflow", "%(count)s workflows", count) % {"count": count}

    @display(description=gettext_lazy("versions"))
    def known_versions(self, worker: WorkerProcess) -> SafeString:
        """Show the version that it has of each step list, and whether this web server has the same."""
        rows = [(name, version, _compare(name, version)) for name, version in sorted(worker.versions.items())]
        lines = format_html_join("", "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>", rows)
        heads = format_html_join(
            "", '<th scope="col">{}</th>', [(_("Workflow"),), (_("Version"),), (_("Compared with this web server"),)]
        )
        table = '<table class="admin-lists"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
        return format_html(table, heads, lines)


def _may_see_tasks(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("tasks.view_task"))


def _compare(workflow_name: str, version: str) -> str:
    definition = find_definition(workflow_name)
    if definition is None:
        return _("no code of it on this web server")
    if find_version(definition) == version:
        return _("as on this web server")
    return _("another than on this web server")
