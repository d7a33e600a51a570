"""`python -m tests.unit.schedules.policy_tables` writes the tables of docs/policies.md, as the policies decide."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

from django.conf import settings

from schedules.models import MisfirePolicy, OverlapPolicy
from schedules.policies import (
    COALESCED,
    MISSED,
    QUEUED,
    SKIPPED_OVERLAP,
    STARTED,
    Decision,
    Outage,
    Planned,
    Situation,
    UnendedTask,
    decide,
)
from tests.unit.schedules.factories import utc

NINE = utc("2027-03-01T09:00")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MOST = 4

LETTERS = {STARTED: "S", QUEUED: "Q", COALESCED: "c", MISSED: "m", SKIPPED_OVERLAP: "o"}

RUNNING = UnendedTask(UUID(int=1), is_running=True, words="task 1 of this schedule is still running")
WAITING = UnendedTask(UUID(int=2), is_running=False, words="task 2 of this schedule is still created")
BEFORE: dict[str, tuple[UnendedTask, ...]] = {
    "no task before": (),
    "one runs": (RUNNING,),
    "one runs, one waits": (RUNNING, WAITING),
}

PAGE = settings.BASE_DIR / "docs" / "policies.md"


def minutes(count: int) -> list[datetime]:
    return [NINE + number * MINUTE for number in range(count)]


def decide_five(*, is_down: bool, misfire: str, overlap: str, unended: Sequence[UnendedTask]) -> list[Decision]:
    """Decide five instants, a minute apart, that were missed or only late."""
    situation = Situation(
        now=NINE + HOUR,
        misfire_policy=misfire,
        max_catchup_runs=MOST,
        overlap_policy=overlap,
        outages=[Outage(NINE - MINUTE, NINE + HOUR)] if is_down else (),
        unended=unended,
    )
    return decide(Planned(minutes(5)), situation)


def letters_of(decisions: Sequence[Decision]) -> str:
    return "".join(LETTERS[each.outcome] for each in decisions)


def render_tables() -> dict[str, str]:
    """Return each table of the page by its name."""
    misfired = [
        (f"`{misfire}`", f"`{overlap}`", *_row(is_down=True, misfire=misfire, overlap=overlap))
        for misfire, overlap in product(MisfirePolicy.values, OverlapPolicy.values)
    ]
    late = [(f"`{overlap}`", *_row(is_down=False, misfire="run_once", overlap=overlap)) for overlap in OverlapPolicy]
    return {
        "misfired": _table(("misfire_policy", "overlap_policy", *BEFORE), misfired),
        "late": _table(("overlap_policy", *BEFORE), late),
    }


def replace_tables(page: str) -> str:
    """Return the page with its tables as they are computed."""
    for name, table in render_tables().items():
        start, end = f"<!-- computed: {name} -->\n", "<!-- end -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        page = f"{before}{start}{table}{end}{after}"
    return page


def _row(*, is_down: bool, misfire: str, overlap: str) -> list[str]:
    return [
        f"`{letters_of(decide_five(is_down=is_down, misfire=misfire, overlap=overlap, unended=unended))}`"
        for unended in BEFORE.values()
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(replace_tables(PAGE.read_text()))
