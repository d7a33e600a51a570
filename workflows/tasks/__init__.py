"""The task files that ship with the project."""
