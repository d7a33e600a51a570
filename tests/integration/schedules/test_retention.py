"""How long the ledger keeps its rows."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from orchestrator_site.common.database import transaction_depth
from orchestrator_site.common.ids import new_id
from schedules.models import Firing
from schedules.retention import delete_old_firings
from tests.support.database import recorded_statements
from tests.support.factories import HOUR, NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)

delete = partial(delete_old_firings, decided_before=NOW, rest=lambda _: None)


def store(schedule_id: UUID, decided_at: datetime, **fields: Any) -> UUID:
    row = {"schedule_name": "Nightly", "scheduled_for": decided_at, "due_at": decided_at, "lateness_ms": 0}
    firing = Firing.objects.create(
        schedule_id=schedule_id, decided_at=decided_at, outcome="started", **{**row, **fields}
    )
    return firing.pk


def stored() -> set[UUID]:
    return set(Firing.objects.values_list("pk", flat=True))


def test_what_was_decided_before_goes_and_what_was_decided_then_or_later_stays() -> None:
    schedule_id = new_id()
    store(schedule_id, NOW - DAY)
    store(schedule_id, NOW - timedelta(microseconds=1))
    kept = {store(schedule_id, NOW), store(schedule_id, NOW + DAY)}
    assert delete() == 2
    assert stored() == kept


def test_the_last_row_of_each_schedule_stays_however_old_it_is() -> None:
    one, other, gone = new_id(), new_id(), new_id()
    for days in (40, 30):
        store(one, NOW - days * DAY)
        store(other, NOW - days * DAY)
    kept = {store(one, NOW - 20 * DAY), store(other, NOW + DAY), store(gone, NOW - 400 * DAY)}
    assert delete() == 4
    assert stored() == kept
    assert delete() == 0


def test_when_it_was_planned_makes_no_difference() -> None:
    schedule_id = new_id()
    kept = {store(schedule_id, NOW + DAY, scheduled_for=NOW - 400 * DAY, cause="backfill")}
    assert delete() == 0
    assert stored() == kept


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_batches_of_any_size_leave_the_same(batch_size: int) -> None:
    ids = [new_id() for _ in range(3)]
    for number in range(12):
        decided_at = NOW - DAY + number // 4 * HOUR  # four of them at one moment
        store(ids[number % 3], decided_at, cause="manual")
    last = {Firing.objects.filter(schedule_id=each).latest("id").pk for each in ids}
    assert delete(batch_size=batch_size) == 9
    assert stored() == last


def test_it_rests_after_each_batch_and_never_in_a_transaction() -> None:
    schedule_id, rests = new_id(), []
    for number in range(5):
        store(schedule_id, NOW - DAY + number * HOUR)
    before = transaction_depth()

    def rest(seconds: float) -> None:
        rests.append((seconds, transaction_depth() - before, Firing.objects.count()))

    delete_old_firings(decided_before=NOW, batch_size=2, rest=rest)
    assert [left for _, _, left in rests] == [3, 1, 1]
    assert {depth for _, depth, _ in rests} == {0}
    assert all(seconds >= 0 for seconds, _, _ in rests)


def test_a_batch_takes_two_statements_however_many_rows_are_kept() -> None:
    counts = []
    for size in (2, 20):
        for _ in range(size):
            store(new_id(), NOW - DAY)
        with recorded_statements() as statements:
            delete(batch_size=1000)
        counts.append(len(statements))
    assert counts[0] == counts[1]
