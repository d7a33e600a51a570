"""The app that the measured processes get by EXTRA_APPS."""
