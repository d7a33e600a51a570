"""`python -m tests.bench`: how fast schedules fire and tasks run, with real processes on databases of their own."""
