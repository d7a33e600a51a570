"""A user's app, as EXTRA_APPS takes them: workflows for the fault tests, whose steps tell the witness that they ran."""
