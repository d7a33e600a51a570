"""`/api/translations/{language}`: names of workflows for people, ours and those of the user's apps."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.core import checks
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from tests.integration.api.support import make_client, make_user, read_problem
from tests.support.database import recorded_statements
from tests.support.factories import make_workflow
from workflows.engine import Target
from workflows.models import Workflow
from workflows.translations import SHIPPED_FOLDER, find_problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_workflows")]

MakeApp = Callable[..., Path]
SHIPPED: dict[str, str] = json.loads((SHIPPED_FOLDER / "en-GB.json").read_text())["workflows"]


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[MakeApp]:
    """Give what installs an app of the user with files of translations, by name; a file is JSON, or bytes as is."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(name: str, **languages: object) -> Path:
        folder = tmp_path / name / "translations"
        folder.mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        for language, content in languages.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            (folder / f"{language.replace('_', '-')}.json").write_bytes(raw)
        settings.EXTRA_APPS = [*settings.EXTRA_APPS, name]
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, name]
        return folder

    before = set(sys.modules)
    yield make
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):  # the next test has another one of that name
            del sys.modules[name]


def words(client: APIClient, language: str = "en-GB") -> dict[str, str]:
    answer = client.get(f"/api/translations/{language}")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"workflows"}
    found: dict[str, str] = answer.json()["workflows"]
    return found


@pytest.mark.parametrize("path", ["/api/translations/en-GB", "/api/translations/en-GB/"])
def test_every_workflow_has_its_name_for_people(client: APIClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"workflows": SHIPPED})
    assert answer.json()["workflows"]["task_sync_from"] == "Verify and NSO sync"


def test_one_that_has_none_is_called_by_its_description_or_else_by_what_it_is_called_in_code(client: APIClient) -> None:
    make_workflow(name="task_audit", description="Audit all ports")
    make_workflow(name="modify_port", target=Target.MODIFY)
    found = words(client)
    assert (found["task_audit"], found["modify_port"]) == ("Audit all ports", "modify_port")


def test_only_workflows_that_have_a_row_are_there(client: APIClient, make_app: MakeApp) -> None:
    make_app("acme_gone", en_GB={"workflows": {"task_gone": "Gone"}})
    Workflow.objects.filter(name="task_sync_from").update(deleted_at=database_now())
    assert set(words(client)) == set(SHIPPED) - {"task_sync_from"}


def test_what_an_app_says_wins_over_ours_and_a_later_app_over_an_earlier_one(
    client: APIClient, make_app: MakeApp
) -> None:
    make_workflow(name="task_audit")
    make_app("acme_one", en_GB={"workflows": {"task_audit": "Audit", "task_sync_from": "Sync of one"}})
    make_app("acme_two", en_GB={"workflows": {"task_sync_from": "Sync of two"}, "forms": {"fields": {}}})
    assert words(client) == {**SHIPPED, "task_audit": "Audit", "task_sync_from": "Sync of two"}


def test_a_language_may_come_from_an_app_alone(client: APIClient, make_app: MakeApp) -> None:
    make_app("acme_dutch", nl_NL={"workflows": {"task_sync_from": "Controle en synchronisatie en één keer"}})
    found = words(client, "nl-NL")
    assert found["task_sync_from"] == "Controle en synchronisatie en één keer"
    rows = dict(Workflow.objects.values_list("name", "description"))
    assert {**found, "task_sync_from": rows["task_sync_from"]} == rows


def test_an_app_named_by_its_configuration_is_found(client: APIClient, make_app: MakeApp, settings: Any) -> None:
    folder = make_app("acme_configured", en_GB={"workflows": {"task_sync_from": "Sync of Acme"}})
    code = 'from django.apps import AppConfig\n\nclass Acme(AppConfig):\n    name = "acme_configured"\n'
    (folder.parent / "configuration.py").write_text(code)
    for setting in ("EXTRA_APPS", "INSTALLED_APPS"):
        setattr(settings, setting, [*getattr(settings, setting)[:-1], "acme_configured.configuration.Acme"])
    assert words(client)["task_sync_from"] == "Sync of Acme"


class TestAnUnknownLanguage:
    def test_it_is_a_404_that_names_those_there_are(self, client: APIClient, make_app: MakeApp) -> None:
        make_app("acme_dutch", nl_NL={"workflows": {}})
        problem = read_problem(client.get("/api/translations/de-DE"), 404)
        detail = "no translations into 'de-DE'; there are en-GB, nl-NL"
        assert (problem["detail"], problem["errors"]) == (
            detail,
            [{"field": "language", "value": "de-DE", "detail": detail}],
        )

    @pytest.mark.parametrize(
        "path",
        ["../en-GB", "..%2Fen-GB", "..%2F..%2Fsecret", "%2Fetc%2Fpasswd", "en-GB.json", "..", ".", "*", "%00", "en-gb",
         "..%5Cen-GB", "en-GB%00", "x" * 5000],
    )  # fmt: skip
    def test_no_text_becomes_part_of_a_path(self, client: APIClient, make_app: MakeApp, path: str) -> None:
        folder = make_app("acme_secret", nl_NL={"workflows": {}})
        (folder.parent / "secret.json").write_text('{"workflows": {"task_sync_from": "secret"}}')
        answer = client.get(f"/api/translations/{path}")
        assert answer.status_code == 404
        assert b"secret.json" not in answer.content


MALFORMED: dict[str, tuple[object, str]] = {
    "no JSON": (b'{"workflows": {', ", line 1, column 16: Expecting property name"),
    "no UTF-8": (b"\xff\xfe{", "codec can't decode byte 0xff"),
    "empty": (b"", ", line 1, column 1: Expecting value"),
    "nested beyond reason": (b"[" * 100_000, "recursion"),
    "list": (["x"], 'it holds list; write {"workflows": {name: words}}'),
    "null": (None, 'it holds null; write {"workflows": {name: words}}'),
    "section is a list": ({"workflows": ["x"]}, '"workflows" is list; write {name: words}'),
    "section is missing": ({"workflow": {}}, 'it has no "workflows"; write {"workflows": {name: words}}'),
    "words are a number": (
        {"workflows": {"task_sync_from": 7}},
        "the words for 'task_sync_from' are 7; write a string",
    ),
    "words are blank": ({"workflows": {"task_sync_from": " "}}, "the words for 'task_sync_from' are \" \"; write a"),
    "half a character": (b'{"workflows": {"task_sync_from": "\\udcff"}}', "surrogates not allowed"),
}


class TestAMalformedFile:
    @pytest.mark.parametrize(("content", "reason"), MALFORMED.values(), ids=list(MALFORMED))
    def test_it_is_left_out_and_logged_and_the_others_count(
        self, client: APIClient, make_app: MakeApp, content: object, reason: str
    ) -> None:
        bad = make_app("acme_bad", en_GB=content) / "en-GB.json"
        make_app("acme_good", en_GB={"workflows": {"task_validate_products": "Validate all of Acme"}})
        with structlog.testing.capture_logs() as logs:
            found = words(client)
        assert found == {**SHIPPED, "task_validate_products": "Validate all of Acme"}
        [logged] = [each for each in logs if each["event"] == "translation_file_refused"]
        assert logged["problem"].startswith(str(bad))
        assert reason in logged["problem"]

    def test_it_is_a_warning_at_start_and_no_error(self, make_app: MakeApp) -> None:
        bad = make_app("acme_bad", nl_NL=b"{", en_GB={"workflows": {}}) / "nl-NL.json"
        [warning] = [each for each in checks.run_checks() if each.id == "workflows.W001"]
        assert (warning.level, warning.msg.startswith(str(bad))) == (checks.WARNING, True)

    def test_a_file_that_cannot_be_opened_is_one_too(self, client: APIClient, make_app: MakeApp) -> None:
        folder = make_app("acme_bad")
        (folder / "en-GB.json").mkdir()
        assert words(client) == SHIPPED
        [problem] = find_problems()
        assert problem.startswith(str(folder / "en-GB.json"))


def test_it_takes_one_statement_however_many_workflows_there_are() -> None:
    client = make_client(make_user("workflows.view_workflow"))
    for _ in range(20):
        make_workflow()
    with recorded_statements() as statements:
        assert len(words(client)) >= 20
    assert len([each for each in statements if "workflows_workflow" in each]) == 1
    with recorded_statements() as others:
        client.get("/api/tasks/x")  # what every request takes to know who asks
    assert len(statements) <= len(others) + 1


def test_nobody_without_the_permission_is_answered() -> None:
    read_problem(APIClient().get("/api/translations/en-GB"), 401)
    problem = read_problem(make_client(make_user("tasks.view_task")).get("/api/translations/en-GB"), 403)
    assert "'workflows.view_workflow'" in problem["detail"]
