"""What the demo is called in the database: by these names it is found again when it is to go."""

from uuid import UUID, uuid5

# Who has made, paused and started what the demo brings along.
ACTOR = "demo"

# Name → what its row says.
WORKFLOWS = {
    "task_demo_validate_devices": "Demo: validate device configurations",
    "task_demo_sync_inventory": "Demo: sync the inventory with the controller",
    "task_demo_poll_counters": "Demo: poll interface counters",
    "task_demo_back_up_configurations": "Demo: back up the configuration of every device",
    "task_demo_send_report": "Demo: send a report",
    "task_demo_move_line": "Demo: move a line to another port",
}

NIGHTLY_VALIDATION = "nightly validation"
INVENTORY_SYNC = "inventory sync"
CORE_COUNTERS = "core counters"
EDGE_COUNTERS = "edge counters"
BACKUP = "backup"
CAPACITY_REPORT = "capacity report"
TRAFFIC_REPORT = "traffic report"
ACCESS_AUDIT = "access audit"
MOVE_UTRECHT = "move utrecht"
MOVE_GRONINGEN = "move groningen"
SCHEDULES = (
    NIGHTLY_VALIDATION,
    INVENTORY_SYNC,
    CORE_COUNTERS,
    EDGE_COUNTERS,
    BACKUP,
    CAPACITY_REPORT,
    TRAFFIC_REPORT,
    ACCESS_AUDIT,
    MOVE_UTRECHT,
    MOVE_GRONINGEN,
)

_NAMESPACE = UUID("5d0f3c1e-8a53-4d7b-9a41-0d6a7c2be9f4")


def schedule_id_of(key: str) -> UUID:
    """Return the id under which a schedule of the demo is always stored."""
    return uuid5(_NAMESPACE, key)


SCHEDULE_IDS = tuple(schedule_id_of(key) for key in SCHEDULES)
