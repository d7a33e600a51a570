"""What was changed lately, by deploys and by people: one time line, and what a deploy means for what is stored."""

from schedules.changes.concerns import Concerns, find_concerns
from schedules.changes.events import Code, Event, Kind, Window
from schedules.changes.timeline import Page, list_changes

__all__ = ["Code", "Concerns", "Event", "Kind", "Page", "Window", "find_concerns", "list_changes"]
