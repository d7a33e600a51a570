"""What kind of failure an exception is, and what is kept of it."""

import urllib.error
from email.message import Message
from types import SimpleNamespace

import pytest

from workflows.engine import Failed, InconsistentData, step
from workflows.engine.outcomes import (
    MAX_MESSAGE_CHARACTERS,
    MAX_TRACEBACK_CHARACTERS,
    FailureKind,
    classify_failure,
    failed_by,
)


class AnswerError(Exception):
    """Raised by an HTTP client that keeps the answer, as requests and httpx do."""

    def __init__(self, status_code: int | None) -> None:
        super().__init__(f"answer {status_code}")
        self.response = None if status_code is None else SimpleNamespace(status_code=status_code)


class CodeError(Exception):
    def __init__(self, code: object) -> None:
        super().__init__(code)
        self.code = code


def answer_of_urllib(code: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("http://nso", code, "no", Message(), None)


class TransportError(Exception):
    """httpx has one of this name, and no base class in common with the others."""


class ReadTimeout(TransportError):
    pass


def raised(error: BaseException) -> Failed:
    def fail() -> None:
        raise error

    outcome = step("Call NSO")(fail).run({})
    assert isinstance(outcome, Failed)
    return outcome


@pytest.mark.parametrize("error", [AssertionError("no"), InconsistentData("no")])
def test_contradictions_are_inconsistent_data(error: Exception) -> None:
    assert raised(error).kind is FailureKind.INCONSISTENT_DATA


@pytest.mark.parametrize("code", [502, 503, 504])
def test_an_answer_of_an_unavailable_service_is_api_unavailable(code: int) -> None:
    assert raised(AnswerError(code)).kind is FailureKind.API_UNAVAILABLE
    assert raised(answer_of_urllib(code)).kind is FailureKind.API_UNAVAILABLE
    assert raised(CodeError(code)).kind is FailureKind.API_UNAVAILABLE


@pytest.mark.parametrize("code", [400, 404, 500, 501, 505])
def test_any_other_answer_is_a_plain_failure(code: int) -> None:
    assert raised(AnswerError(code)).kind is FailureKind.FAILED
    assert raised(CodeError(code)).kind is FailureKind.FAILED


def test_an_answer_counts_more_than_the_class_that_carries_it() -> None:
    assert issubclass(urllib.error.HTTPError, urllib.error.URLError)
    assert raised(answer_of_urllib(404)).kind is FailureKind.FAILED


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("down"),
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
        urllib.error.URLError("no route"),
        ReadTimeout("a class whose base is known by its name"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_connection_is_api_unavailable(error: Exception) -> None:
    assert raised(error).kind is FailureKind.API_UNAVAILABLE


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        OSError(2, "no such file"),
        AnswerError(None),
        CodeError("503"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_everything_else_is_a_plain_failure(error: Exception) -> None:
    assert raised(error).kind is FailureKind.FAILED


def test_a_connection_error_without_an_answer_is_still_one() -> None:
    class NoAnswerError(ConnectionError):
        response = None

    assert classify_failure(NoAnswerError()) is FailureKind.API_UNAVAILABLE


def test_class_and_message_are_kept_and_make_the_reason() -> None:
    outcome = raised(ValueError("no such node"))
    assert (outcome.error_class, outcome.message) == ("ValueError", "no such node")
    assert outcome.reason == "ValueError: no such node"
    assert raised(ValueError()).reason == "ValueError"


def test_the_traceback_names_the_line_and_the_cause() -> None:
    absent: dict[str, int] = {}

    def look_up() -> None:
        try:
            absent["key"]
        except KeyError as error:
            raise InconsistentData("no node") from error

    outcome = step("Look up")(look_up).run({})
    assert isinstance(outcome, Failed)
    assert "in look_up" in outcome.traceback
    assert "KeyError: 'key'" in outcome.traceback
    assert outcome.traceback.rstrip().endswith("InconsistentData: no node")


def test_a_long_traceback_is_cut_at_its_beginning() -> None:
    outcome = failed_by(ValueError("x" * 2 * MAX_TRACEBACK_CHARACTERS + "the end"))
    assert len(outcome.traceback) == MAX_TRACEBACK_CHARACTERS
    assert outcome.traceback.endswith("the end\n")


def test_a_long_message_is_cut_at_its_end() -> None:
    outcome = failed_by(ValueError("the beginning" + "x" * 2 * MAX_MESSAGE_CHARACTERS))
    assert len(outcome.message) == MAX_MESSAGE_CHARACTERS
    assert outcome.message.startswith("the beginning")


def test_an_endless_recursion_is_a_failed_step_with_a_bounded_traceback() -> None:
    def recurse() -> None:
        recurse()

    outcome = step("Recurse")(recurse).run({})
    assert isinstance(outcome, Failed)
    assert outcome.error_class == "RecursionError"
    assert 0 < len(outcome.traceback) <= MAX_TRACEBACK_CHARACTERS


def test_an_error_whose_own_text_fails_is_a_failed_step_all_the_same() -> None:
    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    outcome = raised(UnreadableError())
    assert outcome.reason == "UnreadableError: (its message cannot be read)"
