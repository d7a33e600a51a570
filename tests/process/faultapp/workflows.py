from workflows import LazyWorkflowInstance

LazyWorkflowInstance(".definitions", "task_one_step")
LazyWorkflowInstance(".definitions", "task_three_steps")
LazyWorkflowInstance(".definitions", "task_unhurried")
LazyWorkflowInstance(".definitions", "task_held")
LazyWorkflowInstance(".slow_definition", "task_slow_to_load")
