"""What people and other systems wrote is text on every page of the admin, whatever it looks like."""

from html.parser import HTMLParser

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils.timezone import now
from django_apscheduler.models import DjangoJobExecution

from schedules.models import Firing, Schedule, SchedulerProcess
from tasks.models import EngineFreeze, Task, TaskStatus, TaskStep, WorkerProcess
from tests.integration.admin.test_changes_pages import deploy, log
from tests.support.admin_addresses import find_addresses
from tests.support.admin_rows import make_rows_at_rest
from workflows.models import Product, Release, Subscription, Workflow

pytestmark = pytest.mark.timeout(300)

ATTRIBUTE = "data-planted"
# Ends an attribute in either kind of quotes, a text, a title of a drawing, and what a script has in braces.
PLANTED = f"\"'></title></pre><img {ATTRIBUTE}>{{{{ x }}}}%(name)s"
TEXTS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Schedule, ("name", "trigger_text", "state_reason", "pause_reason", "created_by", "updated_by", "paused_by")),
    (Firing, ("schedule_name", "reason")),
    (Task, ("reporter", "failed_reason", "worker")),
    (TaskStep, ("name",)),
    (EngineFreeze, ("reason", "started_by")),
    (WorkerProcess, ("host",)),
    (SchedulerProcess, ("host",)),
    (Workflow, ("description",)),
    (Product, ("name", "description")),
    (Subscription, ("description", "out_of_sync_reason", "note")),
    (Release, ("name", "process", "host")),
    (DjangoJobExecution, ("exception", "traceback")),
    (LogEntry, ("object_repr", "change_message")),
)


class Planted(HTMLParser):
    """Notices an element that only what was planted can have made."""

    is_there = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_there |= any(name.startswith(ATTRIBUTE) for name, _ in attrs)


def has_planted(page: str) -> bool:
    reader = Planted()
    reader.feed(page)
    return reader.is_there


@pytest.fixture
def planted(root: Client) -> None:
    """Have it in every text that is shown and that somebody else wrote, with a number behind it: some are unique."""
    make_rows_at_rest()
    deploy("one")
    schedule, task, user = Schedule.objects.all()[0], Task.objects.all()[0], User.objects.get(username="robot")
    for row in (schedule, task, user):
        log(user, row, message="Changed")
    Task.objects.update(schedule_id=schedule.pk, inputs={PLANTED: PLANTED})
    Task.objects.filter(status=TaskStatus.FAILED).update(finished_at=now(), failed_reason="It failed")
    Firing.objects.update(decided_at=now())
    for model, names in TEXTS:
        for number, each in enumerate(model._default_manager.all()):
            planted = {name: f"{PLANTED}{number}" for name in names if getattr(each, name)}
            model._default_manager.filter(pk=each.pk).update(**planted)


def test_nothing_that_somebody_wrote_becomes_part_of_a_page(root: Client, planted: None) -> None:
    pages = {address: root.get(address, follow=True) for address in find_addresses(most_rows=5)}
    shown = {address: page.content.decode() for address, page in pages.items() if page.status_code == 200}
    assert [address for address, page in shown.items() if has_planted(page)] == []
    assert sum("&lt;img data-planted&gt;" in page for page in shown.values()) > 40
