"""Workers: which processes run tasks, whether they are alive, and which code they have."""

from django.contrib import admin
from django.contrib.admin import display
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now

from orchestrator_site.common.admin.display import BAD, GOOD, moment_column, show_label
from orchestrator_site.common.admin.pages import ReadOnlyAdmin
from tasks.admin.standing import find_version
from tasks.deploys import STALE_AFTER
from tasks.models import WorkerProcess
from tasks.starting import find_definition


@admin.register(WorkerProcess)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers, the one that was seen last first."""

    list_display = ("id", "state", "host", "pid", "started", "seen", "knows")
    ordering = ("-last_seen_at", "id")
    fields = ("id", "state", "host", "pid", "started", "seen", "known_versions")
    readonly_fields = fields

    started = moment_column("started_at", "since")
    seen = moment_column("last_seen_at", "last seen")

    @display(description="state")
    def state(self, worker: WorkerProcess) -> str:
        """Show whether it has been seen lately."""
        is_alive = worker.last_seen_at > now() - STALE_AFTER
        return show_label("alive" if is_alive else "stale", {"alive": GOOD, "stale": BAD})

    @display(description="knows")
    def knows(self, worker: WorkerProcess) -> str:
        """Show how many workflows it has code for."""
        return f"{len(worker.versions)} workflows"

    @display(description="versions")
    def known_versions(self, worker: WorkerProcess) -> SafeString:
        """Show the version that it has of each step list, and whether this web server has the same."""
        rows = [(name, version, _compare(name, version)) for name, version in sorted(worker.versions.items())]
        lines = format_html_join("", "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>", rows)
        return format_html('<table class="admin-lists"><tbody>{}</tbody></table>', lines)


def _compare(workflow_name: str, version: str) -> str:
    definition = find_definition(workflow_name)
    if definition is None:
        return "no code of it on this web server"
    return "as on this web server" if find_version(definition) == version else "another than on this web server"
