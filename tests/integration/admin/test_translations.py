"""Every text of the admin can be translated: in a made-up language, nothing on its pages is left in English."""

import re
from collections.abc import Iterable

import pytest
from django.contrib import admin
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from schedules.bulk_actions import Action
from schedules.explaining import Code
from schedules.initial import INITIAL_SCHEDULES
from schedules.models import FiringCause, FiringOutcome, ScheduleState
from schedules.triggers import KINDS
from tasks.models import StepStatus, TaskStatus
from tests.support.admin_pages import find_paths
from tests.support.admin_rows import make_rows_at_rest
from tests.support.translated import find_untranslated, pseudo_language, words_of
from workflows.engine import Target
from workflows.models import Product, Workflow
from workflows.registry import ALL_WORKFLOWS, get_definition

admin.autodiscover()

# Names, values of the API, units and abbreviations: they are the same in every language.
DATA = words_of(
    "Orchestrator scheduler root Nightly task_nightly Test task_nightly a test UTC Europe Amsterdam REST GraphQL API",
    "min CET CEST Done Start Product id ID URL JSON cron mon fri trigger trigger_kwargs hour hours esc",
    # Names and reasons of the rows below, and what libraries call theirs.
    "Europe/London GMT Operators robot@example.org sweep OSError It is as it is Paused Finished Broken Maintenance",
    "minute: 99 is not in 0 to 59 other worker next run at job Executed Error",
    "User-group relationship User-group relationships User_groups object",
    *KINDS,
    *(target.value.lower() for target in Target),
    *Action,
    *Code,
    *(
        str(value)
        for kind in (FiringOutcome, FiringCause, ScheduleState, TaskStatus, StepStatus, Target)
        for value in kind
    ),
)


@pytest.fixture
def rows(db: None) -> None:
    make_rows_at_rest()


@pytest.mark.parametrize("is_empty", [False, True])
def test_nothing_on_any_page_is_left_in_english(root: Client, request: pytest.FixtureRequest, is_empty: bool) -> None:
    if not is_empty:
        request.getfixturevalue("rows")
    named: tuple[Iterable[tuple[str, ...]], ...] = (
        [(schedule.name,) for schedule in INITIAL_SCHEDULES],
        Workflow.objects.values_list("name", "description"),
        Product.objects.values_list("name"),
        MigrationRecorder.Migration.objects.values_list("app", "name"),
    )
    steps = [step.name for name in ALL_WORKFLOWS for step in get_definition(name).steps]
    data = DATA | words_of(*steps, *(text for rows in named for row in rows for text in row))
    with pseudo_language():
        left = {
            f"{path}: {text}"
            for path in find_paths()
            if (answer := root.get(path, follow=True)).status_code == 200
            for text in find_untranslated(answer.content.decode(), data=data)
        }
    places: dict[str, str] = {}
    for each in sorted(left):
        path, _, text = each.partition(": ")
        places.setdefault(text, path)
    assert not places, "\n".join(f"{text!r} at {re.sub(r'[0-9a-f-]{36}', '…', path)}" for text, path in places.items())
