"""Registers the workflows of the demo in code."""

from orchestrator_site.demo.names import WORKFLOWS
from workflows import LazyWorkflowInstance

for name in WORKFLOWS:
    LazyWorkflowInstance(f".tasks.{name.removeprefix('task_demo_')}", name)
