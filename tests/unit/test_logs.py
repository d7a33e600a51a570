import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog
from django.conf import settings

from orchestrator_site.common import logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Set JSON logging up and return what is written."""
    stream = io.StringIO()
    # Loggers that are in use keep the list of processors that they found: it has to be that one again.
    before = structlog.get_config()
    config = logs.configure(level="INFO", line_format="json")
    config["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(config)
    yield stream
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    logging.config.dictConfig(settings.LOGGING)


def test_a_line_carries_its_event_its_ids_and_a_utc_time(written: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(task_id=7)
    structlog.get_logger("some.module").info("task_claimed", attempt=2)
    line = json.loads(written.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "task_claimed",
        "task_id": 7,
        "attempt": 2,
        "level": "info",
        "logger": "some.module",
    }


@pytest.mark.parametrize("name", ["gunicorn.error", "django", "apscheduler.scheduler"])
def test_the_standard_librarys_messages_come_once_and_in_the_same_shape(written: io.StringIO, name: str) -> None:
    structlog.contextvars.bind_contextvars(task_id=7)
    logging.getLogger(name).warning("Listening at: %s", "here")
    line = json.loads(written.getvalue())
    assert (line["event"], line["logger"], line["task_id"]) == ("Listening at: here", name, 7)


def test_secrets_are_masked_at_any_depth(written: io.StringIO) -> None:
    structlog.get_logger("x").info(
        "called", api_token="hush", headers={"Authorization": "Bearer hush"}, sent=[{"password": 1}]
    )
    line = json.loads(written.getvalue())
    assert line["api_token"] == logs.MASK
    assert line["headers"] == {"Authorization": logs.MASK}
    assert line["sent"] == [{"password": logs.MASK}]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/api/tasks/1/callback/hush", "/api/tasks/1/callback/********"),
        ("/api/tasks/1/callback/hush/", "/api/tasks/1/callback/********/"),
        ("/api/tasks/1/callback/hush/progress", "/api/tasks/1/callback/********/progress"),
        ("POST /api/tasks/1/callback/hush?a=b HTTP/1.1", "POST /api/tasks/1/callback/********?a=b HTTP/1.1"),
        ("https://x.example/api/tasks/1/callback/hush#top", "https://x.example/api/tasks/1/callback/********#top"),
        ("/API/TASKS/1/CALLBACK/hush", "/API/TASKS/1/CALLBACK/********"),
        ("//api//tasks//1//callback//hush", "//api//tasks//1//callback//********"),
        ("/login?next=%2Fapi%2Fcallback%2Fhush&x=1", "/login?next=%2Fapi%2Fcallback%2F********&x=1"),
        ("?a=%252fcallback%252Fhush", "?a=%252fcallback%252F********"),
        ("/callback/hu%73h", "/callback/********"),
        ('{"route": "/api/tasks/1/callback/hush"}', '{"route": "/api/tasks/1/callback/********"}'),
        ("'/callback/hush' and </callback/hush>", "'/callback/********' and </callback/********>"),
        ('"{\\"a\\": \\"/callback/hush\\"}"', '"{\\"a\\": \\"/callback/********\\"}"'),
        ("/api/tasks/1", "/api/tasks/1"),
        ("/api/tasks/callback", "/api/tasks/callback"),
        ("callback_answered", "callback_answered"),
        ("the callback/answer", "the callback/answer"),
    ],
)  # fmt: skip
def test_the_token_in_the_path_of_a_callback_is_masked_and_all_else_stays(text: str, masked: str) -> None:
    assert logs.mask_callback_tokens(text) == masked


@pytest.mark.parametrize(
    "name", ["gunicorn.error", "gunicorn.access", "django", "django.request", "django.server", "apscheduler", "x"]
)
def test_no_logger_writes_a_token_past_the_mask(
    written: io.StringIO, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = "/api/tasks/1/callback/hush"
    logger = logging.getLogger(name)
    logger.info("POST %s", path)
    logger.error("POST %s", path, extra={"path": path})
    logger.error("failed", exc_info=LookupError(path))
    assert "hush" not in written.getvalue() + "".join(capfd.readouterr())
    assert written.getvalue().count(f"/callback/{logs.MASK}") >= 2


def test_nor_does_one_of_ours_in_whatever_it_is_given(written: io.StringIO) -> None:
    path = "/api/tasks/1/callback/hush"
    structlog.get_logger("x").info(path, route=path, sent=[{"to": (path, path)}], **{path: 1})
    assert "hush" not in written.getvalue()
    assert written.getvalue().count(f"/callback/{logs.MASK}") == 5


def test_the_web_server_s_own_request_log_stays_silent_whatever_it_is_told(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("gunicorn.access")
    logger.addHandler(logging.StreamHandler())  # as the server does for --access-logfile, before it reads our settings
    logger.setLevel("INFO")
    logging.config.dictConfig(settings.LOGGING)
    logger.info("GET /")
    assert (written.getvalue(), capfd.readouterr().err, logger.handlers) == ("", "", [])


def test_a_traceback_shows_no_local_variables(written: io.StringIO) -> None:
    def fail() -> None:
        hidden = "hush-" * 2
        raise LookupError(len(hidden))

    try:
        fail()
    except LookupError:
        structlog.get_logger("x").exception("step_failed")
    assert "LookupError" in written.getvalue()
    assert "hush-hush" not in written.getvalue()
