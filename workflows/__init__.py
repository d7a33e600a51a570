"""WHAT can run: the workflows that ship with the project are registered here, by name and place."""

from workflows.registry import LazyWorkflowInstance

LazyWorkflowInstance(".tasks.nightly_sync", "task_sync_from")
LazyWorkflowInstance(".tasks.resume_workflows", "task_resume_workflows")
LazyWorkflowInstance(".tasks.clean_up_tasks", "task_clean_up_tasks")
LazyWorkflowInstance(".tasks.clean_up_firings", "task_clean_up_firings")
LazyWorkflowInstance(".tasks.validate_subscriptions", "task_validate_subscriptions")
LazyWorkflowInstance(".tasks.validate_products", "task_validate_products")
LazyWorkflowInstance(".tasks.validate_awaiting_callbacks", "task_validate_awaiting_callbacks")

__all__ = ["LazyWorkflowInstance"]
