"""What a workflow is for."""

from enum import StrEnum


class Target(StrEnum):
    """What a workflow does to a subscription; SYSTEM marks a task workflow, which is tied to no product."""

    CREATE = "CREATE"
    MODIFY = "MODIFY"
    TERMINATE = "TERMINATE"
    VALIDATE = "VALIDATE"
    RECONCILE = "RECONCILE"
    SYSTEM = "SYSTEM"
