from importlib import import_module

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "orchestrator_site.demo"
    label = "orchestrator_demo"

    def ready(self) -> None:
        import_module("orchestrator_site.demo.workflows")
