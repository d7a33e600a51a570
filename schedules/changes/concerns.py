"""What the code that is in use means for what is stored: tasks on their way, schedules that broke or have no code."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from schedules.models import Schedule, ScheduleState, ScheduleWorkflow, ZoneDataChange
from tasks.affected import Affected, PresentSteps, find_affected
from workflows.models import Release
from workflows.releases.differing import list_facts_entries

MAX_BROKEN = 20


@dataclass(frozen=True, slots=True)
class Concerns:
    """What a release concerns, as far as somebody may see it.

    Attributes:
        tasks: Of which workflows tasks stand at what has changed since they ran, or have stopped there.
        broken: Schedules that broke since, the latest first; of very many the first ones.
        broken_count: How many that are.
        without_code: How many schedules run a workflow whose code is gone or does not load, by its name.
        zone_data: Changes of the time-zone data since that moved next runs.
    """

    tasks: Sequence[Affected] = ()
    broken: Sequence[Schedule] = ()
    broken_count: int = 0
    without_code: Mapping[str, int] | None = None
    zone_data: Sequence[ZoneDataChange] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.broken or self.without_code or self.zone_data)


def find_concerns(release: Release, *, may: Callable[[str], bool]) -> Concerns:
    """Return what the newest release means for what is stored, also where one before it has made the change.

    Args:
        release: The newest one.
        may: Tells whether the one who asks has a permission.
    """
    since = release.first_seen_at
    usable = {name: facts for name, facts in release.contents["workflows"].items() if "problem" not in facts}
    present = {name: PresentSteps(list_facts_entries(facts), facts["aliases"]) for name, facts in usable.items()}
    tasks = find_affected(present, since=since) if may("tasks.view_task") else []
    if not may("schedules.view_schedule"):
        return Concerns(tasks)
    broken = Schedule.objects.filter(state=ScheduleState.BROKEN, state_since__gte=since).order_by("-state_since")
    shown = list(broken[: MAX_BROKEN + 1])
    moved = ZoneDataChange.objects.filter(started_at__gte=since).order_by("-id")
    return Concerns(
        tasks,
        shown[:MAX_BROKEN],
        broken.count() if len(shown) > MAX_BROKEN else len(shown),
        _count_without_code(usable),
        list(moved),
    )


def _count_without_code(usable: Collection[str]) -> dict[str, int]:
    """Count the schedules that run a workflow which has no usable code, by its name."""
    links = ScheduleWorkflow.objects.exclude(workflow__name__in=usable).order_by("workflow__name")
    return dict(links.values_list("workflow__name").annotate(count=Count("pk")))
