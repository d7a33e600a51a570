"""What is planned: the next instants of many schedules together, and how many there are in each minute. Pure.

A schedule's next run is known, it is stored; what comes after that follows from its trigger. So a `Source` is a next
run and the timetable of a trigger, and schedules with the same trigger share the timetable and what it has found.
All moments are those at which a schedule runs, its spread included, unless they are called nominal.
"""

from schedules.forecasting.counting import MINUTE, LoadCount, floor_to_minute
from schedules.forecasting.effort import Effort, EffortSpent
from schedules.forecasting.listing import Listing, Planned, list_instants, list_spaced
from schedules.forecasting.timetables import SharedRule, Source, Timetables

__all__ = [
    "MINUTE",
    "Effort",
    "EffortSpent",
    "Listing",
    "LoadCount",
    "Planned",
    "SharedRule",
    "Source",
    "Timetables",
    "floor_to_minute",
    "list_instants",
    "list_spaced",
]
