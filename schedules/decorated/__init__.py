"""Functions that are scheduled in code, by a decorator: the older way, which goes on to work."""
