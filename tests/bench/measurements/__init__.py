"""What is measured; each function takes `is_quick` and returns figures."""

from typing import Protocol

from tests.bench.measurements.alone import measure_alone
from tests.bench.measurements.burst import measure_burst
from tests.bench.measurements.forecast import measure_forecast
from tests.bench.measurements.idle import measure_idle
from tests.bench.measurements.ledger import measure_ledger
from tests.bench.measurements.lists import measure_lists
from tests.bench.measurements.pages import measure_pages
from tests.bench.measurements.startup import measure_startup
from tests.bench.measurements.steady import measure_steady
from tests.bench.measurements.stock import measure_stock
from tests.bench.measurements.tasks import measure_tasks
from tests.bench.measurements.triggers import measure_triggers
from tests.bench.results import Figure


class Measurement(Protocol):
    def __call__(self, *, is_quick: bool) -> list[Figure]: ...


MEASUREMENTS: dict[str, Measurement] = {
    "burst": measure_burst,
    "alone": measure_alone,
    "tasks": measure_tasks,
    "steady": measure_steady,
    "idle": measure_idle,
    "lists": measure_lists,
    "pages": measure_pages,
    "ledger": measure_ledger,
    "forecast": measure_forecast,
    "startup": measure_startup,
    "triggers": measure_triggers,
    "stock": measure_stock,
}
