"""The admin pages of workflows, and of the products and subscriptions for which they run."""

from workflows.admin.inventory import ProductAdmin, SubscriptionAdmin
from workflows.admin.workflows import WorkflowAdmin

__all__ = ["ProductAdmin", "SubscriptionAdmin", "WorkflowAdmin"]
