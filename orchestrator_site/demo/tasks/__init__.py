"""The task files of the demo, as those of an app of yours would be."""
