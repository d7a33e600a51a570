from django.apps import AppConfig


class OrchestratorSiteConfig(AppConfig):
    name = "orchestrator_site"
    verbose_name = "Orchestrator"

    def ready(self) -> None:
        # Imported for its effect, which needs the app registry: it registers the system checks.
        from orchestrator_site import checks  # noqa: F401, PLC0415
