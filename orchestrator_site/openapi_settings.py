"""What drf-spectacular is told for the document as a whole; `common.openapi` describes the operations."""

from typing import Any

from orchestrator_site.common.version import VERSION

_DESCRIPTION = """\
Schedules say when a workflow runs; each planned instant of each schedule becomes one firing, which says what became of
it, and where that was the decision, one task.

- Every path works with and without a trailing slash. Bodies are `application/json`.
- Keys and parameters that are not known are refused, not ignored; a filter without a value filters nothing.
- Moments in answers are in UTC.
- A POST that writes takes `Idempotency-Key`: whoever does not know whether it got through sends it again.
- Errors are problem details (RFC 9457), also those that are not listed: 405 the path has no such verb, 406 nothing that
  the client accepts can be answered, 500 the server failed.
- `/api/graphql` reads the same by queries, and describes itself.
"""

SPECTACULAR: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Orchestrator scheduler",
    "DESCRIPTION": _DESCRIPTION,
    "VERSION": VERSION,
    "TAGS": [
        {"name": "Schedules", "description": "When a workflow runs."},
        {"name": "Firings", "description": "The ledger: what became of each planned instant."},
        {"name": "Tasks", "description": "Runs of a workflow: what is on the queue, what runs, what has ended."},
        {"name": "Schedulers", "description": "The processes that fire schedules, and whether they are alive."},
        {"name": "Callbacks", "description": "What other systems answer to tasks that have asked them."},
        {"name": "Engine", "description": "Holding everything still for a while."},
        {"name": "Workflows", "description": "What can run."},
        {"name": "Documentation", "description": "This document."},
    ],
    "PREPROCESSING_HOOKS": ["orchestrator_site.common.openapi.strip_slashes"],
    "SCHEMA_PATH_PREFIX": "/api",
    "SORT_OPERATIONS": False,  # as the routes are listed
    "SORT_OPERATION_PARAMETERS": False,  # filters first, then those of every list
    "COMPONENT_SPLIT_PATCH": False,  # PATCH has bodies of its own
    "ENUM_SUFFIX": "",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # they would say the values twice
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "Target": "workflows.engine.Target",
        "TaskStatus": "tasks.models.TaskStatus",
        "StepStatus": "tasks.models.StepStatus",
        "RetryableStatus": "tasks.states.RETRYABLE",
        "ScheduleState": "schedules.models.ScheduleState",
        "FiringCause": "schedules.models.FiringCause",
        "FiringOutcome": "schedules.models.FiringOutcome",
        "TriggerKind": "schedules.triggers.KINDS",
        "ScheduleChange": "schedules.api_docs.CHANGES",
    },
}
