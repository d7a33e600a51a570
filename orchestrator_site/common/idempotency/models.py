"""IdempotencyKey: a request that was answered, and what the answer was."""

from django.conf import settings
from django.db import models

from orchestrator_site.common.ids import new_id


class IdempotencyKey(models.Model):
    """A key that a user has sent along with a request.

    `method`, `path` and `body_sha256` say what was asked for: the key stands for that and nothing else. `answer` is the
    body as the JSON text that it was sent as: a column of JSON would forget the order of its keys. There is no answer
    only as long as the transaction lasts that inserts the row, so nobody else ever sees one without.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.TextField()
    body_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    location = models.TextField(blank=True, default="")

    class Meta:
        default_permissions = ()  # nobody looks at them or changes them
        constraints = [
            # whoever comes second waits here for the first; it also finds the keys of a user who is deleted
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user"),
        ]
        indexes = [
            # the look for keys that have expired
            models.Index(fields=["created_at"], name="idempotency_key_age"),
        ]

    def __str__(self) -> str:
        return self.key
