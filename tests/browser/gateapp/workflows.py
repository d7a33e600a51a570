from workflows import LazyWorkflowInstance

LazyWorkflowInstance(".definitions", "task_through_the_gate")
LazyWorkflowInstance(".definitions", "task_repaint_the_gate")
