"""Requests that are answered once, however often they are sent: `views.answer_once` makes a POST one of them.

The client names its request by a key of its own choice. The row of the key, what the request writes and its answer
commit together, so that a process that dies anywhere leaves all of it or nothing. A second request that comes meanwhile
waits for the row, and gets the answer of the first.
"""
