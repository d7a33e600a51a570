"""Logging: structlog's and the standard library's messages, one line each on standard error.

Lines are JSON or for people, carry UTC times and whatever ids are bound with
`structlog.contextvars`, and hold no secrets.
"""

import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "********"
SECRET_WORDS = ("password", "passwd", "secret", "token", "authorization", "cookie", "credential")

# The path of a callback is all that it takes to answer it, so what follows this word in a path is a secret: as the
# route has it, with more slashes, or quoted once or more often as a part of another address.
_CALLBACK_TOKEN = re.compile(r"""((?:/|%(?:25)*2F)callback(?:/|%(?:25)*2F)+)[^/\s"'?#&<>\\]+""", re.IGNORECASE)

# These say in their own words what our events already say.
QUIET_LOGGERS = {
    "apscheduler": "WARNING",
    "django.request": "ERROR",
    "django.server": "ERROR",
    "gunicorn.access": "WARNING",  # that is all of it, also where somebody tells gunicorn to write it
}

# Django and gunicorn hang handlers of their own on these.
LOGGERS_WITH_HANDLERS = ("django", "django.server", "gunicorn.error", "gunicorn.access")


def mask_secrets(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Replace the value of every key that names a secret, and the tokens of callbacks in all others, at any depth."""
    return {key: _mask(key, value) for key, value in event_dict.items()}


def _mask(key: object, value: Any) -> Any:
    if isinstance(key, str) and any(word in key.lower() for word in SECRET_WORDS):
        return MASK
    if isinstance(value, dict):
        return {inner: _mask(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_mask(None, item) for item in value]
    return mask_callback_tokens(value) if isinstance(value, str) else value


def mask_callback_tokens(text: str) -> str:
    """Return a text without the tokens of callbacks, in whatever path or address they stand."""
    return _CALLBACK_TOKEN.sub(rf"\1{MASK}", text)


def mask_line(_logger: WrappedLogger, _method: str, line: Any) -> Any:
    """Mask a line as it is to be written: what was logged, its values, and the text of an exception."""
    return mask_callback_tokens(line)


def configure(*, level: str, line_format: str) -> dict[str, Any]:
    """Set structlog up and return the matching LOGGING setting.

    Args:
        level: Name of the least severe level that is logged.
        line_format: `console` or `json`.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        mask_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return _logging_config(level, shared, _renderers(line_format))


def _renderers(line_format: str) -> list[Processor]:
    """Return what makes a line of an event; the last one looks at it as a whole."""
    # Tracebacks without local variables: those may hold secrets.
    if line_format == "console":
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
            mask_line,
        ]
    return [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(default=str),
        mask_line,
    ]


def _logging_config(level: str, shared: list[Processor], renderers: list[Processor]) -> dict[str, Any]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [remove_meta, *renderers],
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structlog"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            name: {
                # A list given here replaces the handlers there are, so that every line goes through the root handler.
                **({"handlers": [], "propagate": True} if name in LOGGERS_WITH_HANDLERS else {}),
                **({"level": QUIET_LOGGERS[name]} if name in QUIET_LOGGERS else {}),
            }
            for name in sorted({*LOGGERS_WITH_HANDLERS, *QUIET_LOGGERS})
        },
    }
