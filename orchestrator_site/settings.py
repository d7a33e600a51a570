"""Django's settings.

Every value that may differ between installations is read from the environment here, once;
`variables.py` holds the table of them.
"""

import logging
import os
import sys
import zoneinfo
from datetime import timedelta
from pathlib import Path
from typing import Any

from orchestrator_site import admin_settings, content_security, openapi_settings
from orchestrator_site.common import logs
from orchestrator_site.databases import SQLITE_ENGINE, database_config
from orchestrator_site.env import load_env_file, read_environment

# The zone rules of the tzdata package, so that every machine has the same ones.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent

load_env_file(BASE_DIR)
ENVIRONMENT = read_environment(os.environ)

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY")
DEBUG = ENVIRONMENT.flag("DEBUG")
HTTPS = ENVIRONMENT.flag("HTTPS")
ALLOWED_HOSTS = ENVIRONMENT.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.words("CSRF_TRUSTED_ORIGINS")
HOST = ENVIRONMENT.text("HOST")
PORT = ENVIRONMENT.number("PORT")
WEB_THREADS = ENVIRONMENT.number("WEB_THREADS")

EXECUTOR = ENVIRONMENT.text("EXECUTOR")
WORKER_CONCURRENCY = ENVIRONMENT.number("WORKER_CONCURRENCY")
TASK_LEASE_SECONDS = ENVIRONMENT.number("TASK_LEASE_SECONDS")
TASK_LOG_RETENTION_DAYS = ENVIRONMENT.number("TASK_LOG_RETENTION_DAYS")
FIRING_RETENTION_DAYS = ENVIRONMENT.number("FIRING_RETENTION_DAYS")
POLL_SECONDS = ENVIRONMENT.number("POLL_SECONDS")
MIN_INTERVAL_SECONDS = ENVIRONMENT.number("MIN_INTERVAL_SECONDS")
API_TOKEN_TTL_DAYS = ENVIRONMENT.number("API_TOKEN_TTL_DAYS")
EXTRA_APPS = ENVIRONMENT.words("EXTRA_APPS")
DEMO = ENVIRONMENT.flag("DEMO")
DEMO_APPS = ["orchestrator_site.demo"] if DEMO else []
RELEASE = ENVIRONMENT.text("RELEASE")
LOG_LEVEL = ENVIRONMENT.text("LOG_LEVEL")
LOG_FORMAT = ENVIRONMENT.text("LOG_FORMAT") or ("console" if DEBUG or sys.stderr.isatty() else "json")

# A DATABASE_URL that cannot work leaves Django's dummy database, which refuses every use: nothing
# is written to a default database by mistake.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {}
    if ENVIRONMENT.has_problem("DATABASE_URL")
    else database_config(ENVIRONMENT.text("DATABASE_URL"), base_dir=BASE_DIR)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# One writer at a time on SQLite: a shorter transaction lets the workers in between.
SQLITE_FIRING_BATCH_SIZE = 250
FIRING_BATCH_SIZE = (
    min(ENVIRONMENT.number("FIRING_BATCH_SIZE"), SQLITE_FIRING_BATCH_SIZE)
    if DATABASES["default"].get("ENGINE") == SQLITE_ENGINE
    else ENVIRONMENT.number("FIRING_BATCH_SIZE")
)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # before the admin, whose templates it replaces
    "orchestrator_site.admin_apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_apscheduler",
    "django_structlog",
    "orchestrator_site",
    "orchestrator_site.common.idempotency",
    "workflows",
    "tasks",
    "schedules",
    *DEMO_APPS,
    *EXTRA_APPS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "orchestrator_site.content_security.ContentSecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "orchestrator_site.common.admin.locale.AdminLocaleMiddleware",
    "orchestrator_site.common.admin.time_zone.TimeZoneMiddleware",
    "orchestrator_site.common.admin.viewer.ViewerMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "orchestrator_site.urls"
WSGI_APPLICATION = "orchestrator_site.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-gb"
# Those that the admin speaks: what is offered has a whole catalogue, so that no page mixes two of them.
LANGUAGES = [("en-gb", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = ENVIRONMENT.text("TIME_ZONE")
USE_TZ = True

# Where a login leads that began at the login page itself.
LOGIN_REDIRECT_URL = "admin:index"

# whitenoise serves the files from the apps themselves: no copying before the start.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "orchestrator_site.error_views.forgery_suspected"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": content_security.STRICT}
# Subdomains and browsers' preload lists are for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "orchestrator_site.common.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["orchestrator_site.common.permissions.VerbPermissions"],
    "DEFAULT_PARSER_CLASSES": ["orchestrator_site.common.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "orchestrator_site.common.problems.problem_details",
    "URL_FORMAT_OVERRIDE": None,  # there is one format; `?format=` is as unknown as any other parameter
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DEFAULT_SCHEMA_CLASS": "orchestrator_site.common.openapi.OperationSchema",
}
GRAPHENE = {"SCHEMA": "orchestrator_site.schema.schema"}  # for `manage.py graphql_schema`, which prints it
SPECTACULAR_SETTINGS = openapi_settings.SPECTACULAR
REST_KNOX: dict[str, Any] = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=API_TOKEN_TTL_DAYS) if API_TOKEN_TTL_DAYS else None,
}

UNFOLD = admin_settings.UNFOLD

DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
LOGGING = logs.configure(level=LOG_LEVEL, line_format=LOG_FORMAT)
