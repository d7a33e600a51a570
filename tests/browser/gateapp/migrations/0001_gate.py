from django.db import migrations

from workflows.operations import CreateTask


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial")]

    operations = [
        CreateTask(name="task_through_the_gate", description="Through the gate"),
        CreateTask(name="task_repaint_the_gate", description="Repaint the gate"),
    ]
