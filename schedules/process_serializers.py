"""Schedulers as the API shows them."""

from datetime import datetime

from django_filters import FilterSet
from rest_framework import serializers

from orchestrator_site.common.api import Moment
from schedules.models import SchedulerProcess
from schedules.processes import ProcessState, state_of


class SchedulerProcessSerializer(serializers.Serializer[SchedulerProcess]):
    """A process that fires schedules."""

    scheduler_id = serializers.CharField(source="id")
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField(help_text="Of the project.")
    state = serializers.SerializerMethodField(
        help_text="`stale`: not seen for 30 s. `stuck`: seen, but its loop has not looked for what is due for 60 s."
    )
    started_at = Moment()
    last_seen_at = Moment(help_text="Its heartbeat, every 5 s.")
    last_tick_at = Moment(help_text="When its loop last looked for what is due.")
    firings_per_minute = serializers.IntegerField(help_text="What it decided in the minute before it was last seen.")

    def get_state(self, process: SchedulerProcess) -> ProcessState:
        """Return whether it can be counted on, as of the moment `now` in the context."""
        now: datetime = self.context["now"]
        return state_of(process, now=now)


class SchedulerFilters(FilterSet):
    """None: there are few of them."""
