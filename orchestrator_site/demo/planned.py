"""The schedules of the demo. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator_site.demo import names
from orchestrator_site.demo.moments import Moments

ZONE = "Europe/Amsterdam"
UTRECHT_LINE = {"line": "NL-UTR-0231", "site": "utrecht", "carrier": "own"}
GRONINGEN_LINE = {"line": "NL-GRO-0118", "site": "groningen", "carrier": "own"}


@dataclass(frozen=True, slots=True)
class DemoSchedule:
    """A schedule as it is to be; what is not said has its default, and the zone is ZONE."""

    key: str
    name: str
    workflow_name: str
    trigger: str
    trigger_kwargs: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)


def plan_schedules(moments: Moments) -> Iterator[DemoSchedule]:
    """Yield them all."""
    yield DemoSchedule(
        names.NIGHTLY_VALIDATION,
        "Nightly validation of all devices",
        "task_demo_validate_devices",
        "cron",
        {"hour": 1, "minute": 45},
        {"role": "all"},
    )
    yield DemoSchedule(
        names.INVENTORY_SYNC,
        "Inventory sync",
        "task_demo_sync_inventory",
        "cron",
        {"minute": "*/15"},
        policies={"misfire_policy": "skip"},
    )
    # These two and the sync meet at every full hour.
    yield DemoSchedule(
        names.CORE_COUNTERS,
        "Counters of the core",
        "task_demo_poll_counters",
        "cron",
        {"minute": 0},
        {"role": "core", "most_errors": 20},
    )
    yield DemoSchedule(
        names.EDGE_COUNTERS,
        "Counters of the edge",
        "task_demo_poll_counters",
        "cron",
        {"minute": 0},
        {"role": "edge", "most_errors": 50},
    )
    yield DemoSchedule(
        names.BACKUP,
        "Backup of all configurations",
        "task_demo_back_up_configurations",
        "interval",
        {"hours": 6, "start_date": moments.first_backup.isoformat()},
    )
    yield from _plan_rare_ones(moments)


def _plan_rare_ones(moments: Moments) -> Iterator[DemoSchedule]:
    yield DemoSchedule(
        names.CAPACITY_REPORT,
        "Capacity report, last day of the month",
        "task_demo_send_report",
        "cron",
        {"day": "last", "hour": 18},
        {"report": "capacity"},
    )
    # On the nights on which the clocks change, 02:30 is skipped, or there twice.
    yield DemoSchedule(
        names.TRAFFIC_REPORT,
        "Traffic report",
        "task_demo_send_report",
        "cron",
        {"hour": 2, "minute": 30},
        {"report": "traffic"},
    )
    yield DemoSchedule(
        names.ACCESS_AUDIT,
        "Audit of the access switches",
        "task_demo_validate_devices",
        "cron",
        {"hour": "*/3", "minute": 20},
        {"role": "access"},
    )
    yield DemoSchedule(
        names.MOVE_UTRECHT,
        "Move the line of Utrecht",
        "task_demo_move_line",
        "date",
        {"run_date": moments.utrecht_moves.isoformat()},
        UTRECHT_LINE,
    )
    yield DemoSchedule(
        names.MOVE_GRONINGEN,
        "Move the line of Groningen",
        "task_demo_move_line",
        "date",
        {"run_date": moments.groningen_moves.isoformat()},
        GRONINGEN_LINE,
    )
