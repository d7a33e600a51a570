"""WHEN it runs: schedules, their triggers, and the turn that fires them."""

# Modules in this folder with functions that are scheduled by decorator, such as ".nightly_sync". Schedulers import them
# when they start: they cannot be imported here, where Django is not ready for what they need.
SCHEDULE_MODULES: tuple[str, ...] = ()
