"""Identifiers of rows."""

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

from orchestrator_site.common.ids import derived_id, first_id_at, made_at, new_id


def milliseconds(identifier: uuid.UUID) -> int:
    """Return the time in a UUID of version 7: its first 48 bits (RFC 9562, 5.7)."""
    return identifier.int >> 80


def test_an_id_is_a_uuid_of_version_7() -> None:
    identifier = new_id()
    # Exactly: Django and psycopg know the class of the standard library.
    assert type(identifier) is uuid.UUID
    assert (identifier.version, identifier.variant) == (7, uuid.RFC_4122)


def test_an_id_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = milliseconds(new_id())
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_make_different_ids() -> None:
    made: list[uuid.UUID] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(2_000)])) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(made)) == 8_000


def test_an_id_tells_when_it_was_made() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before < made_at(new_id()) <= datetime.now(UTC)


def test_the_first_id_of_a_moment_lies_between_those_before_and_after_it() -> None:
    made = new_id()
    moment = made_at(made)
    first = first_id_at(moment)
    assert first <= made < first_id_at(moment + timedelta(milliseconds=1))
    assert (first.version, first.variant, made_at(first)) == (7, uuid.RFC_4122, moment)


def test_a_derived_id_is_the_same_every_time_and_another_for_each_source_and_name() -> None:
    source, other = new_id(), new_id()
    assert derived_id(source, "a") == derived_id(source, "a")
    assert len({derived_id(each, name) for each in (source, other) for name in ("a", "b")}) == 4
    names = [str(number) for number in range(20_000)]
    assert len({derived_id(source, name) for name in names}) == len(names)


def test_a_derived_id_is_one_of_version_7_with_the_time_of_its_source() -> None:
    source = first_id_at(datetime(2027, 3, 1, tzinfo=UTC))
    for name in ("", "a", "é"):
        derived = derived_id(source, name)
        assert (derived.version, derived.variant, made_at(derived)) == (7, uuid.RFC_4122, made_at(source))
        assert source < derived < first_id_at(made_at(source) + timedelta(milliseconds=1))
