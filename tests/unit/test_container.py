"""The image and the compose file, read as what they are: what they name has to be there."""

import http.server
import json
import re
import shlex
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from orchestrator_site import health, healthcheck
from orchestrator_site.variables import VARIABLES

ROOT: Path = settings.BASE_DIR
OUR_VARIABLES = {variable.name for variable in VARIABLES}
APP_SERVICES = ("migrate", "web", "scheduler", "worker")

Instruction = tuple[str, str]


def read_dockerfile() -> list[Instruction]:
    """Return the instructions, with their lines joined and without comments."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, _, rest in found]


def final_stage() -> list[Instruction]:
    instructions = read_dockerfile()
    last = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[last:]


def the_only(name: str) -> str:
    [found] = [rest for each, rest in final_stage() if each == name]
    return found


def image_environment() -> dict[str, str]:
    words = [word for name, rest in read_dockerfile() if name == "ENV" for word in shlex.split(rest)]
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def assert_is_command(words: list[str]) -> None:
    """Fail unless manage.py has the command and takes the words."""
    name, *arguments = words
    commands = get_commands()
    assert name in commands
    load_command_class(commands[name], name).create_parser("manage.py", name).parse_args(arguments)


class TestImage:
    def test_it_runs_commands_of_the_project_and_by_default_the_web_server(self) -> None:
        assert json.loads(the_only("ENTRYPOINT")) == ["python", "manage.py"]
        assert_is_command(json.loads(the_only("CMD")))

    def test_it_does_not_run_as_root_and_says_so_by_number(self) -> None:
        user, group = map(int, the_only("USER").split(":"))
        assert user > 0
        assert group > 0
        names = [name for name, _ in final_stage()]
        assert not {"RUN", "COPY"} & set(names[names.index("USER") :])

    def test_everything_it_copies_is_there_and_passes_the_ignore_file(self) -> None:
        kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        copied = [rest.split()[:-1] for name, rest in read_dockerfile() if name == "COPY" and "--from=" not in rest]
        for source in [path for paths in copied for path in paths]:
            assert (ROOT / source).exists(), source
            assert source in kept

    def test_all_our_code_is_in_it(self) -> None:
        copied = {rest.split()[0] for name, rest in final_stage() if name == "COPY"}
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
        assert packages <= copied
        assert {"templates", "bin"} <= copied

    def test_secrets_and_databases_stay_out(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert "*" in lines
        for name in (".env", "db.sqlite3", ".git", ".venv", "tests"):
            assert not any(fnmatch(name, line[1:]) for line in lines if line.startswith("!")), name

    def test_dependencies_are_installed_by_their_hashes_and_not_in_the_final_stage(self) -> None:
        installs = [rest for name, rest in read_dockerfile() if name == "RUN" and " install " in rest and "pip" in rest]
        [install] = [words for words in map(shlex.split, installs) if "-r" in words]
        assert {"--require-hashes", "--no-deps", "--no-cache-dir"} <= set(install)
        assert not any("pip" in rest or "apt" in rest for name, rest in final_stage() if name == "RUN")

    def test_its_base_is_pinned_and_one_that_the_project_allows(self) -> None:
        [tag] = [rest.partition("=")[2] for name, rest in read_dockerfile() if name == "ARG"]
        assert re.fullmatch(r"3\.1[1-9]-slim-\w+", tag)
        bases = {rest.split()[0] for name, rest in read_dockerfile() if name == "FROM"}
        assert bases == {"python:${PYTHON_TAG}"}

    def test_its_health_check_asks_what_the_site_answers(self) -> None:
        _, _, command = the_only("HEALTHCHECK").partition("CMD ")
        assert json.loads(command) == ["python", "-m", "orchestrator_site.healthcheck"]
        assert resolve("/health/ready").func is health.ready

    def test_it_listens_outside_of_itself_on_the_port_that_it_exposes(self) -> None:
        assert image_environment()["HOST"] == "0.0.0.0"
        [port] = [variable.default for variable in VARIABLES if variable.name == "PORT"]
        assert the_only("EXPOSE") == port
        assert "PORT" not in image_environment()

    def test_scripts_can_be_executed(self) -> None:
        assert (ROOT / "bin" / "wrapper").stat().st_mode & stat.S_IXOTH


class TestCompose:
    def test_every_command_is_one_of_the_project(self, compose: dict[str, Any]) -> None:
        for name in APP_SERVICES:
            assert_is_command(compose["services"][name]["command"])

    def test_every_variable_is_one_that_the_project_or_postgres_reads(self, compose: dict[str, Any]) -> None:
        named = {match for text in texts(compose) for match in re.findall(r"\$\{(\w+)", text)}
        assert named - OUR_VARIABLES == {"POSTGRES_PASSWORD"}
        for name in APP_SERVICES:
            assert set(compose["services"][name]["environment"]) <= OUR_VARIABLES

    def test_what_is_secret_has_no_default(self, compose: dict[str, Any]) -> None:
        for text in texts(compose):
            for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
                assert all(rest.startswith(":?") for rest in re.findall(rf"\$\{{{name}([^}}]*)", text))
        assert "SECRET_KEY" in compose["services"]["web"]["environment"]

    def test_defaults_are_those_of_the_project(self, compose: dict[str, Any]) -> None:
        defaults = {variable.name: variable.default for variable in VARIABLES}
        # The addresses of IPv6 are not forwarded.
        shorter = {"ALLOWED_HOSTS": "localhost,127.0.0.1"}
        for text in texts(compose):
            for name, given in re.findall(r"\$\{(\w+):-([^}]*)\}", text):
                assert given == shorter.get(name, defaults[name]), name

    def test_nothing_starts_before_the_migration_has_ended_well(self, compose: dict[str, Any]) -> None:
        services = compose["services"]
        assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
        assert services["migrate"]["restart"] == "no"
        for name in ("web", "scheduler", "worker"):
            assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
            assert services[name]["restart"] == "unless-stopped"

    def test_what_runs_says_how_it_is(self, compose: dict[str, Any]) -> None:
        services = compose["services"]
        image_check = json.loads(the_only("HEALTHCHECK").partition("CMD ")[2])
        assert services["web"]["healthcheck"]["test"] == ["CMD", *image_check]
        for name in ("scheduler", "worker"):
            marker, *command = services[name]["healthcheck"]["test"]
            assert [marker, *command[:2]] == ["CMD", "python", "manage.py"]
            assert_is_command(command[2:])
        assert services["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]

    def test_our_processes_may_do_little(self, compose: dict[str, Any]) -> None:
        for name in APP_SERVICES:
            service = compose["services"][name]
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]

    def test_only_the_web_server_is_reached_and_from_this_host_only(self, compose: dict[str, Any]) -> None:
        ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
        assert ports == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}

    def test_postgres_is_pinned_and_keeps_its_data(self, compose: dict[str, Any]) -> None:
        database = compose["services"]["database"]
        assert re.fullmatch(r"postgres:\d+-\w+", database["image"])
        [volume] = database["volumes"]
        # Where the image of PostgreSQL 18 and later has its volume.
        assert volume == "database:/var/lib/postgresql"
        assert "database" in compose["volumes"]


class TestDocs:
    def test_every_command_in_the_page_on_deployment_is_one_of_the_project(self) -> None:
        page = (ROOT / "docs" / "deployment.md").read_text()
        named = re.findall(r"python manage\.py ([^`\n\"]+)", page)
        assert len(named) >= 3
        for words in named:
            assert_is_command(words.split())

    def test_what_it_says_of_compose_and_the_image_is_so(self, compose: dict[str, Any]) -> None:
        page = (ROOT / "docs" / "deployment.md").read_text()
        variables = {match for text in texts(compose) for match in re.findall(r"\$\{(\w+)", text)}
        assert all(f"`{name}`" in page or f"{name}=" in page for name in variables)
        assert set(re.findall(r"^FROM (\S+)", page, flags=re.MULTILINE)) == {compose["services"]["web"]["image"]}
        [script] = re.findall(r"--entrypoint /app/(\S+)", page)
        assert (ROOT / script).exists()


class Health(http.server.BaseHTTPRequestHandler):
    """Answers as the site does; `server.status` says how."""

    def do_GET(self) -> None:  # the library's name
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b'{"status": "not ready", "reason": "no database"}')

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int) -> Iterator[Any]:
    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        server.status, server.asked = status, []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class TestHealthCheck:
    def test_it_is_healthy_when_the_server_is_ready(self) -> None:
        with serving(200) as server:
            assert healthcheck.main({"HOST": "0.0.0.0", "PORT": str(server.server_port)}) == 0
        assert server.asked == [("/health/ready", "localhost")]

    def test_it_says_why_the_server_is_not_ready(self, capsys: pytest.CaptureFixture[str]) -> None:
        with serving(503) as server:
            assert healthcheck.main({"PORT": str(server.server_port)}) == 1
        assert "no database" in capsys.readouterr().err

    def test_it_is_not_healthy_when_nobody_answers(self, capsys: pytest.CaptureFixture[str]) -> None:
        with serving(200) as server:
            port = server.server_port
        assert healthcheck.main({"PORT": str(port)}) == 1
        assert "no answer" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("allowed", "host"),
        [
            ("", "localhost"),
            ("*", "localhost"),
            ("orchestrator.example.org,localhost", "orchestrator.example.org"),
            (".example.org", "example.org"),
            ("[::1]", "[::1]"),
        ],
    )
    def test_it_asks_under_a_name_that_the_site_answers_to(self, allowed: str, host: str) -> None:
        assert healthcheck.allowed_host({"ALLOWED_HOSTS": allowed}) == host


def test_production_has_no_demo(compose: dict[str, Any]) -> None:
    services = [service.get("environment", {}) for service in compose["services"].values()]
    assert all("DEMO" not in environment for environment in (image_environment(), *services))
    assert not any("env_file" in service for service in compose["services"].values())  # `.env` may turn it on
    [variable] = [each for each in VARIABLES if each.name == "DEMO"]
    assert variable.default == "false"
