from workflows import LazyWorkflowInstance

LazyWorkflowInstance(".definitions", "task_through_the_gate")
