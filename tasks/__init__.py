"""WHAT has been asked to run: tasks, their steps, and the workers that run them."""
