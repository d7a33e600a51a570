from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "orchestrator_site.common.idempotency"
    verbose_name = "Idempotency keys"
