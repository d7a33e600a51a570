"""WHEN it runs: schedules, their triggers, and the turn that fires them."""
