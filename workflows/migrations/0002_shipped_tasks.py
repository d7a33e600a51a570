"""Register the tasks that ship with the project."""

from django.db import migrations

from workflows.operations import CreateTask


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial")]

    operations = [
        CreateTask(name="task_sync_from", description="Nightly validate and NSO sync"),
        CreateTask(name="task_resume_workflows", description="Resume all tasks that wait or could not reach a service"),
        CreateTask(name="task_clean_up_tasks", description="Clean up completed tasks"),
        CreateTask(name="task_clean_up_firings", description="Clean up old firings"),
        CreateTask(name="task_validate_subscriptions", description="Validate subscriptions"),
        CreateTask(name="task_validate_products", description="Validate products"),
        CreateTask(name="task_validate_awaiting_callbacks", description="Validate tasks that await a callback"),
    ]
