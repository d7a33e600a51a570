"""The table of every environment variable the project reads. `docs/settings.md` is made from it."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a variable's text is read as."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "whole number"
    LIST = "comma-separated list"
    ZONE = "IANA time zone"
    DATABASE = "database URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable.

    Attributes:
        default: The text used when the variable is not set, as one would write it.
        effect: One sentence on what the variable does.
        unit: What a number counts.
        choices: The only values allowed, if there are such.
        minimum: The smallest number allowed.
        maximum: The largest number allowed.
        default_note: Says what an empty default stands for.
        remedy: What to do when a required variable is missing; makes the variable required.
    """

    name: str
    kind: Kind = Kind.TEXT
    default: str = ""
    effect: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default_note: str = ""
    remedy: str = ""


VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="ENV_FILE",
        default=".env",
        effect="File with further variables, relative to the project folder; the real environment "
        "wins over it, and an empty value reads none.",
    ),
    Variable(
        name="SECRET_KEY",
        effect="Signs sessions and password reset links; whoever knows it can forge them.",
        default_note="none: it must be set (`make up` writes one to `.env`)",
        remedy="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))' "
        "and set it in the environment or in the file `.env`.",
    ),
    Variable(
        name="DATABASE_URL",
        kind=Kind.DATABASE,
        default="sqlite:///db.sqlite3",
        effect="Where everything is stored: `sqlite:///FILE` (relative to the project folder, "
        "`sqlite:////FILE` absolute) or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.",
    ),
    Variable(
        name="DEBUG",
        kind=Kind.FLAG,
        default="false",
        effect="Shows errors with their source in the browser; never in production.",
    ),
    Variable(
        name="ALLOWED_HOSTS",
        kind=Kind.LIST,
        default="localhost,127.0.0.1,[::1]",
        effect="Host names under which the site answers.",
    ),
    Variable(
        name="CSRF_TRUSTED_ORIGINS",
        kind=Kind.LIST,
        effect="Origins, with scheme, from which forms may be sent, such as `https://orchestrator.example.org`.",
    ),
    Variable(
        name="HTTPS",
        kind=Kind.FLAG,
        default="false",
        effect="Set behind a proxy that ends TLS and sets `X-Forwarded-Proto`: redirects plain "
        "HTTP, sends secure cookies only, and tells browsers to keep to HTTPS.",
    ),
    Variable(
        name="HOST",
        default="127.0.0.1",
        effect="Address on which the web server listens.",
    ),
    Variable(
        name="PORT",
        kind=Kind.NUMBER,
        default="8000",
        minimum=1,
        maximum=65535,
        effect="TCP port on which the web server listens.",
    ),
    Variable(
        name="WEB_THREADS",
        kind=Kind.NUMBER,
        default="8",
        unit="threads",
        minimum=1,
        effect="Requests answered at the same time.",
    ),
    Variable(
        name="TIME_ZONE",
        kind=Kind.ZONE,
        default="UTC",
        effect="Zone of schedules that name none, and of the admin's times for a browser that tells none.",
    ),
    Variable(
        name="EXECUTOR",
        default="threads",
        choices=("threads",),
        effect="How workers run tasks: `threads` claims them from the database.",
    ),
    Variable(
        name="WORKER_CONCURRENCY",
        kind=Kind.NUMBER,
        default="8",
        unit="tasks",
        minimum=1,
        effect="Tasks that one worker runs at the same time.",
    ),
    Variable(
        name="TASK_LEASE_SECONDS",
        kind=Kind.NUMBER,
        default="30",
        unit="seconds",
        minimum=1,
        effect="Time without a sign of life after which another worker takes a task over; "
        "workers renew their leases at a third of it.",
    ),
    Variable(
        name="POLL_SECONDS",
        kind=Kind.NUMBER,
        default="5",
        unit="seconds",
        minimum=1,
        maximum=10,  # a loop that has not looked for a minute counts as stuck
        effect="How often schedulers and workers look for work without having been woken.",
    ),
    Variable(
        name="FIRING_BATCH_SIZE",
        kind=Kind.NUMBER,
        default="500",
        unit="schedules",
        minimum=1,
        effect="Due schedules that one transaction fires; on SQLite at most 250 are used.",
    ),
    Variable(
        name="MIN_INTERVAL_SECONDS",
        kind=Kind.NUMBER,
        default="1",
        unit="seconds",
        minimum=1,
        effect="Shortest period that a schedule may have.",
    ),
    Variable(
        name="TASK_LOG_RETENTION_DAYS",
        kind=Kind.NUMBER,
        default="3",
        unit="days",
        minimum=0,
        effect="Age after which the clean-up task removes completed tasks, and the log of functions scheduled in code.",
    ),
    Variable(
        name="FIRING_RETENTION_DAYS",
        kind=Kind.NUMBER,
        default="90",
        unit="days",
        minimum=1,
        effect="Age after which `task_clean_up_firings`, where it is scheduled, removes rows of the ledger, "
        "but for the last one of each schedule.",
    ),
    Variable(
        name="API_TOKEN_TTL_DAYS",
        kind=Kind.NUMBER,
        default="0",
        unit="days",
        minimum=0,
        effect="Life of a new API token; 0 means that it never expires.",
    ),
    Variable(
        name="EXTRA_APPS",
        kind=Kind.LIST,
        effect="Your own Django apps; their `workflows` and `schedules` modules are discovered.",
    ),
    Variable(
        name="DEMO",
        kind=Kind.FLAG,
        default="false",
        effect="Has the workflows of the demo, and lets the first start of `manage.py up` fill an empty database with "
        "schedules and their history; never in production.",
        default_note="`false` (the `.env` that `make up` writes says `true`)",
    ),
    Variable(
        name="RELEASE",
        effect="What you call what is deployed, such as a tag or a commit; the page *Changes* of the admin shows its "
        "first 100 characters.",
    ),
    Variable(
        name="LOG_LEVEL",
        default="INFO",
        choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        effect="Least severe messages that are logged.",
    ),
    Variable(
        name="LOG_FORMAT",
        choices=("console", "json"),
        default_note="`console` with `DEBUG` or on a terminal, else `json`",
        effect="Log lines for people or for machines, on standard error.",
    ),
)
