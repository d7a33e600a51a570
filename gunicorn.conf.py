"""The web server: one process with threads, configured by the project's settings."""

from orchestrator_site import settings

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
wsgi_app = settings.WSGI_APPLICATION.replace(".application", ":application")
worker_class = "gthread"
workers = 1
threads = settings.WEB_THREADS
graceful_timeout = 10
# Our own request log has the ids, and masks the tokens in the paths of callbacks; gunicorn's would say the same again.
accesslog = None
logconfig_dict = settings.LOGGING
# One fixed socket per user: a second server of the same user would take it from the first.
control_socket_disable = True
