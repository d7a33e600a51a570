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
