"""Releases: what the code was at which time, written down by the processes that run it, and what changed in between."""
