import pytest

from orchestrator_site.env import Environment, read_environment
from orchestrator_site.variables import VARIABLES

KEY = {"SECRET_KEY": "a key"}


def read(**environment: str) -> Environment:
    return read_environment({**KEY, **environment})


def test_every_variable_has_a_value_that_works_when_only_the_secret_key_is_set() -> None:
    environment = read()
    assert environment.problems == []
    assert set(environment.values) == {variable.name for variable in VARIABLES}
    assert environment.number("WORKER_CONCURRENCY") == 8
    assert environment.flag("DEBUG") is False
    assert environment.words("ALLOWED_HOSTS") == ["localhost", "127.0.0.1", "[::1]"]
    assert environment.text("DATABASE_URL") == "sqlite:///db.sqlite3"


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "ON"])
def test_flags_are_true_by_any_usual_word(word: str) -> None:
    assert read(DEBUG=word).flag("DEBUG") is True


def test_lists_are_split_at_commas_and_trimmed() -> None:
    hosts = read(ALLOWED_HOSTS=" a.example , ,b.example").words("ALLOWED_HOSTS")
    assert hosts == ["a.example", "b.example"]


def test_an_empty_value_is_the_default() -> None:
    assert read(PORT="").number("PORT") == 8000


def test_a_missing_secret_key_says_how_to_make_one() -> None:
    (problem,) = read_environment({}).problems
    assert problem.check_id == "orchestrator.E001"
    assert problem.message == "SECRET_KEY is not set."
    assert "token_urlsafe" in problem.hint


@pytest.mark.parametrize(
    ("name", "value", "check_id", "hint"),
    [
        ("DEBUG", "ja", "E002", "Set true or false."),
        ("PORT", "http", "E002", "Set a whole number from 1 to 65535."),
        ("PORT", "0", "E003", "Set a whole number from 1 to 65535."),
        ("PORT", "65536", "E003", "Set a whole number from 1 to 65535."),
        ("WORKER_CONCURRENCY", "0", "E003", "Set a whole number of tasks, 1 or more."),
        ("TASK_LEASE_SECONDS", "-5", "E003", "Set a whole number of seconds, 1 or more."),
        ("EXECUTOR", "thread", "E003", "Set one of: threads."),
        ("LOG_FORMAT", "xml", "E003", "Set one of: console, json."),
        ("TIME_ZONE", "Europe/Amsterdm", "E003", "Did you mean 'Europe/Amsterdam'?"),
        ("TIME_ZONE", "../etc/passwd", "E003", "Set a name such as 'Europe/Amsterdam'."),
        (
            "EXTRA_APPS",
            "no_such_app",
            "E005",
            "Install the package 'no_such_app' or put its folder on PYTHONPATH.",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(name: str, value: str, check_id: str, hint: str) -> None:
    environment = read(**{name: value})
    (problem,) = environment.problems
    assert (problem.variable, problem.check_id) == (name, f"orchestrator.{check_id}")
    assert problem.message == f"{name} is {value!r}."
    assert problem.hint == hint
    assert environment.values[name] == read().values[name]


@pytest.mark.parametrize(
    "url",
    ["mysql://scott:tiger@db/x", "sqlite://:memory:", "sqlite://", "db.sqlite3", "postgresql://h"],
)
def test_a_database_url_that_cannot_work_is_told_without_its_password(url: str) -> None:
    (problem,) = read(DATABASE_URL=url).problems
    assert problem.check_id == "orchestrator.E004"
    assert "tiger" not in problem.message + problem.hint


def test_all_wrong_values_are_told_at_once() -> None:
    problems = read(PORT="x", DEBUG="x", SECRET_KEY="").problems
    assert [problem.variable for problem in problems] == ["SECRET_KEY", "DEBUG", "PORT"]
