"""The demo: schedules of a network's operations with their history, so that a first start shows a living site.

With DEMO on, this is an installed app whose workflows are registered in code, as a user's own app would be. Their rows,
the schedules and the history are in the database only once they have been loaded, and go again when they are removed.
"""
