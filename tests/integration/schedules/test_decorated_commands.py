"""Functions that are scheduled in code, as `manage.py scheduler` shows and runs them."""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import structlog
from django_apscheduler.models import DjangoJob, DjangoJobExecution

import schedules
from schedules.decorated.registry import DECORATED
from schedules.decorated.rows import store_function
from schedules.loading import load_decorated_functions
from schedules.scheduler import scheduler
from tasks.models import Task
from tests.integration.schedules.test_scheduler_command import Answer, run, table
from tests.support.factories import make_schedule

pytestmark = pytest.mark.django_db

NIGHTLY = """
from schedules.scheduler import scheduler
from tasks.services import start_process

@scheduler.scheduled_job(id="nightly-sync", name="Nightly sync", trigger="cron", hour=1)
def run_nightly_sync() -> None:
    start_process("task_sync_from")
"""


@pytest.fixture(autouse=True)
def _empty_registry() -> Iterator[None]:
    with mock.patch.dict(DECORATED, clear=True):
        yield


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Callable[..., None]]:
    """Return what writes an app with files and puts it into EXTRA_APPS."""
    monkeypatch.syspath_prepend(tmp_path)
    settings.EXTRA_APPS = ()
    names = []

    def make(name: str, **files: str) -> None:
        for file, text in {"__init__": "", **files}.items():
            path = tmp_path / name / f"{file.replace('__in__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        settings.EXTRA_APPS = (*settings.EXTRA_APPS, name)
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, name]
        names.append(name)

    yield make
    for module in [module for module in sys.modules if module.split(".")[0] in names]:
        del sys.modules[module]


@pytest.mark.usefixtures("shipped_workflows")
def test_a_user_s_app_schedules_a_function_that_starts_a_task(make_app: Any) -> None:
    make_app("nightapp", schedules=NIGHTLY)
    [row] = table()[1:]
    assert [row[0], row[1], row[2], row[4]] == ["nightly-sync", "Nightly sync", "decorator", "cron[hour='1']"]
    assert row[3].endswith("01:00:00+00:00")
    answer = run("force", "nightly-sync")
    assert answer == Answer(0, "Running Task [nightly-sync] now...\nTask executed successfully.\n", "")
    assert Task.objects.get().workflow.name == "task_sync_from"
    assert DjangoJobExecution.objects.get().status == DjangoJobExecution.SUCCESS


def test_a_package_of_schedules_imports_its_own_modules(make_app: Any) -> None:
    make_app(
        "nightapp", schedules__in____init__="from nightapp.schedules import nightly", schedules__in__nightly=NIGHTLY
    )
    load_decorated_functions()
    assert list(DECORATED) == ["nightly-sync"]


def test_a_module_in_the_project_s_own_folder_is_named_in_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nightly_sync.py").write_text(NIGHTLY)
    monkeypatch.setattr(schedules, "__path__", [*schedules.__path__, str(tmp_path)])
    monkeypatch.setattr(schedules, "SCHEDULE_MODULES", (".nightly_sync",))
    try:
        load_decorated_functions()
    finally:
        sys.modules.pop("schedules.nightly_sync", None)
    assert list(DECORATED) == ["nightly-sync"]


def test_a_module_that_cannot_be_imported_is_logged_and_stops_no_other_one(make_app: Any) -> None:
    make_app("brokenapp", schedules="import nothing_of_this_name")
    make_app("nightapp", schedules=NIGHTLY)
    with structlog.testing.capture_logs() as logs:
        load_decorated_functions()
    assert list(DECORATED) == ["nightly-sync"]
    [entry] = logs
    assert (entry["event"], entry["module"]) == ("schedule_module_failed", "brokenapp.schedules")


def test_an_app_with_all_schedulers_is_told_that_it_needs_them_no_more(make_app: Any) -> None:
    make_app("nightapp", schedules=f"{NIGHTLY}\nALL_SCHEDULERS = [run_nightly_sync]")
    with pytest.warns(DeprecationWarning, match=r"ALL_SCHEDULERS in nightapp\.schedules is deprecated"):
        load_decorated_functions()
    assert list(DECORATED) == ["nightly-sync"]


def test_loading_twice_changes_nothing(make_app: Any) -> None:
    make_app("nightapp", schedules=NIGHTLY)
    load_decorated_functions()
    with warnings.catch_warnings(action="error"):
        load_decorated_functions()
    assert list(DECORATED) == ["nightly-sync"]


def test_functions_and_schedules_are_one_list_by_next_run() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    schedule = make_schedule(name="Between", next_run_at=now + timedelta(hours=2))
    for hours in (1, 3):
        scheduler.scheduled_job("interval", hours=hours, id=f"every-{hours}")(lambda: None)
        store_function(DECORATED[f"every-{hours}"], now=now)
    assert [row[0] for row in table()[1:]] == ["every-1", str(schedule.pk), "every-3"]


def test_a_function_whose_code_is_gone_is_shown_with_what_is_wrong() -> None:
    scheduler.scheduled_job("interval", hours=1, id="gone", name="[b]Gone[/b]", timezone="Asia/Tokyo")(lambda: None)
    store_function(DECORATED["gone"], now=datetime.now(UTC))
    DjangoJob.objects.create(id="stock", job_state=b"\x80\x04")
    DECORATED.clear()
    gone, stock = table("-v")[1:]
    assert gone[:3] + gone[4:6] == ["gone", "[b]Gone[/b]", "decorator", "interval[1:00:00]", "Every hour"]
    assert gone[6:8] == ["", "Asia/Tokyo"]
    assert gone[8].startswith("no code: ")
    assert stock == ["stock", "stock", "decorator", "", "unreadable", "", "", "", "written by something else", "", ""]
    row = json.loads(run("show-schedule", "--json").stdout)[-1]
    assert (row["id"], row["state"], row["state_reason"]) == ("stock", "broken", "written by something else")
    assert (row["policies"], row["inputs"], row["paused_at"], row["next_run_time"]) == (None, None, None, None)


def test_a_function_that_fails_when_it_is_forced_is_told_and_its_next_run_stays() -> None:
    def fail() -> None:
        raise ValueError("node nl-1 is unknown")

    scheduler.scheduled_job("interval", hours=1, id="sync")(fail)
    store_function(DECORATED["sync"], now=datetime.now(UTC))
    before = DjangoJob.objects.values().get()
    answer = run("force", "sync")
    assert (answer.code, answer.stdout) == (1, "Running Task [sync] now...\n")
    assert answer.stderr == "Task execution failed: ValueError: node nl-1 is unknown\n"
    assert DjangoJob.objects.values().get() == before
    assert DjangoJobExecution.objects.get().status == DjangoJobExecution.ERROR


def test_a_function_without_code_cannot_be_forced() -> None:
    DjangoJob.objects.create(id="stock", job_state=b"")
    assert run("force", "stock") == Answer(1, "", "Task 'stock' not found.\n")
