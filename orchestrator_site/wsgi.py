"""The entry point of web servers."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator_site.settings")

if settings.ENVIRONMENT.problems:
    # Web servers do not run the system checks.
    raise ImproperlyConfigured(
        " ".join(f"{problem.message} {problem.hint}" for problem in settings.ENVIRONMENT.problems)
    )

application = get_wsgi_application()
