"""Loading the demo and taking it out again, by hand and on a first start."""

import os
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from orchestrator_site.checks import check_demo
from orchestrator_site.demo.loading import DemoOff, is_demo_loaded, is_untouched, load_demo
from orchestrator_site.demo.names import SCHEDULE_IDS, WORKFLOWS
from orchestrator_site.management.commands import up
from schedules.models import Schedule, SchedulerOutage, SchedulerPulse
from tasks.models import TaskStatus
from tests.integration.workflows.conftest import manage
from tests.integration.workflows.runs import run
from tests.support.factories import HOUR, NOW, make_schedule, make_task, make_task_step, make_workflow
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_on")]


def everything() -> dict[str, set[Any]]:
    """Return the keys of all rows of all tables of ours, but that of the pulse, which is there once and for all."""
    models = [model for app in ("schedules", "tasks", "workflows") for model in apps.get_app_config(app).get_models()]
    return {
        model._meta.label: set(model._default_manager.values_list("pk", flat=True))
        for model in models
        if model is not SchedulerPulse
    }


def demo(action: str) -> str:
    out = StringIO()
    call_command("demo", action, stdout=out)
    return out.getvalue()


def test_all_of_it_is_removed_and_nothing_else() -> None:
    call_command("scheduler", "load-initial-schedule", stdout=StringIO())
    make_task_step(make_task(make_workflow(name="task_own"), status=TaskStatus.COMPLETED))
    make_schedule(Workflow.objects.get(name="task_own"), name="Own")
    SchedulerOutage.objects.create(started_at=NOW, ended_at=NOW + HOUR)
    before = everything()
    assert "The demo is loaded." in demo("load")
    assert is_demo_loaded()
    loaded = everything()
    assert all(before[label] <= keys for label, keys in loaded.items())
    for label in ("Schedule", "ScheduleWorkflow", "Firing", "SchedulerOutage"):
        assert before[f"schedules.{label}"] < loaded[f"schedules.{label}"]
    assert "Set DEMO=false" in demo("remove")
    assert everything() == before
    assert not is_demo_loaded()


def test_what_people_made_with_its_workflows_stays() -> None:
    demo("load")
    scheduled, started = (Workflow.objects.get(name=f"task_demo_{each}") for each in ("sync_inventory", "send_report"))
    own = make_schedule(scheduled, name="Own")
    task = make_task(started, reporter="ada")
    assert "Workflow 'task_demo_sync_inventory' stays" in demo("remove")
    own.refresh_from_db()
    task.refresh_from_db()
    left = Workflow.objects.filter(name__in=WORKFLOWS)
    assert {row.name: row.deleted_at is None for row in left} == {scheduled.name: True, started.name: False}
    assert is_demo_loaded()  # so that the schedule's tasks have their code


def test_it_is_not_loaded_twice_and_lacks_nothing() -> None:
    load_demo()
    before = everything()
    with pytest.raises(CommandError, match="there already"):
        demo("load")
    assert everything() == before
    listed = manage("list", "--check")
    assert (listed.code, listed.err) == (0, ""), listed.out
    assert run("task_validate_products").status == TaskStatus.COMPLETED


def test_it_is_not_loaded_without_its_code(settings: Any) -> None:
    settings.DEMO = False
    before = everything()
    with pytest.raises(DemoOff, match="DEMO=true"):
        load_demo()
    assert everything() == before


def test_a_setting_that_forbids_its_schedules_is_told_and_nothing_is_written(settings: Any) -> None:
    settings.MIN_INTERVAL_SECONDS = 3_600
    before = everything()
    with pytest.raises(CommandError, match="the demo cannot be loaded: "):
        demo("load")
    assert everything() == before


def test_only_a_database_in_which_nothing_has_happened_is_untouched() -> None:
    assert is_untouched()
    call_command("scheduler", "load-initial-schedule", stdout=StringIO())
    assert is_untouched()
    task = make_task()
    assert not is_untouched()
    task.delete()
    own = make_schedule()
    assert not is_untouched()
    own.delete()
    assert is_untouched()


def test_a_deployed_site_is_warned_of_it(settings: Any) -> None:
    assert [each.id for each in check_demo(None)] == ["orchestrator.W001"]
    settings.DEMO = False
    assert check_demo(None) == []


class TestUp:
    """`manage.py up`, as far as it goes before the processes of the site take its place."""

    @pytest.fixture(autouse=True)
    def no_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(up, "refuse_busy_port", lambda host, port: None)
        monkeypatch.setattr("os.execv", lambda path, arguments: None)
        for name in ("DEMO", "LOG_FORMAT"):  # which it sets for them
            monkeypatch.setenv(name, "")

    @staticmethod
    def start(*options: str) -> str:
        """Start the site; return whether its processes are to have the demo's code."""
        call_command("up", *options, stdout=StringIO(), stderr=StringIO())
        return os.environ["DEMO"]

    def test_the_first_start_loads_it_and_a_later_one_does_not(self) -> None:
        assert self.start() == "true"
        assert Schedule.objects.filter(pk__in=SCHEDULE_IDS).count() == len(SCHEDULE_IDS)
        demo("remove")
        assert self.start() == "false"
        assert not is_demo_loaded()

    def test_a_start_without_it_loads_none(self) -> None:
        assert self.start("--no-demo") == "false"
        assert Schedule.objects.exists()
        assert not is_demo_loaded()

    def test_a_database_in_which_something_has_happened_gets_none(self) -> None:
        make_task()
        assert self.start() == "false"
        assert not is_demo_loaded()

    def test_a_site_without_the_setting_gets_none(self, settings: Any) -> None:
        settings.DEMO = False
        assert self.start() == "false"
        assert not is_demo_loaded()

    def test_a_setting_that_forbids_the_demo_stops_nothing_else(self, settings: Any) -> None:
        call_command("scheduler", "load-initial-schedule", stdout=StringIO())
        settings.MIN_INTERVAL_SECONDS = 3_600
        assert self.start() == "false"
        assert not is_demo_loaded()
        assert get_user_model().objects.filter(is_superuser=True).exists()
