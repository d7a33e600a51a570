"""Two requests with one key at the same time: one is done, and the other one waits for its answer."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from orchestrator_site.common.clock import database_now
from orchestrator_site.common.database import is_postgresql, write_transaction
from orchestrator_site.common.idempotency import services, views
from orchestrator_site.common.idempotency.models import IdempotencyKey
from tasks.models import Task
from tests.integration.api.openapi import assert_described, find_operation
from tests.integration.api.support import make_client, make_user, post_with_key, read_problem
from tests.support.database import in_thread
from tests.support.factories import make_workflow
from tests.support.wait import wait_for
from workflows.engine import StartRequest

pytestmark = pytest.mark.django_db(transaction=True)

REPLAYED = "Idempotency-Replayed"
PATIENCE_SECONDS = 10


class Held:
    """A workflow whose predicate holds the first request in the middle of its transaction, until it is let go."""

    def __init__(self, verdict: str | None = None) -> None:
        self.is_inside, self.may_go = Event(), Event()
        self.verdict = verdict
        self.asked = 0
        self.body = {"workflow_name": make_workflow(options={"run_predicate": self._decide}).name}

    def _decide(self, request: StartRequest) -> str | None:
        self.asked += 1
        if self.asked > 1:
            return None
        self.is_inside.set()
        assert self.may_go.wait(PATIENCE_SECONDS)
        return self.verdict


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user("tasks.start_task")


@pytest.fixture
def arrivals(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Count the requests that have come as far as their transaction."""
    found: list[None] = []

    def count_and_begin() -> Any:
        found.append(None)
        return write_transaction()

    monkeypatch.setattr(views, "write_transaction", count_and_begin)
    return found


def start(user: User, body: dict[str, Any]) -> Callable[[], Any]:
    client = make_client(user)
    return lambda: post_with_key(client, "/api/tasks", body)


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        waiting: int = cursor.fetchone()[0]
    return waiting > 0


def answer_both(user: User, held: Held, arrivals: list[None]) -> tuple[Any, Any]:
    """Send two requests with one key; the first is let go when the second one waits for it."""
    ask_first, ask_second = start(user, held.body), start(user, held.body)
    with in_thread(ask_first) as first:
        assert held.is_inside.wait(PATIENCE_SECONDS)
        with in_thread(ask_second) as second:
            wait_for(lambda: len(arrivals) == 2, describe="the second request")
            if is_postgresql():
                wait_for(is_waiting_for_a_lock, describe="the second request at the row of the first")
            assert not second.done()
            held.may_go.set()
    return first.result(), second.result()


def test_one_is_done_and_both_are_answered_alike(user: User, arrivals: list[None]) -> None:
    held = Held()
    first, second = answer_both(user, held, arrivals)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"]
    assert (REPLAYED in first.headers, second.headers[REPLAYED]) == (False, "true")
    assert (held.asked, Task.objects.count(), IdempotencyKey.objects.count()) == (1, 1, 1)


def test_the_second_is_done_when_the_first_is_refused(user: User, arrivals: list[None]) -> None:
    held = Held("not now")
    first, second = answer_both(user, held, arrivals)
    assert (first.status_code, second.status_code) == (412, 201)
    assert REPLAYED not in second.headers
    assert (held.asked, Task.objects.count(), IdempotencyKey.objects.count()) == (2, 1, 1)


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer: there, all writes wait for each other"
)
def test_whoever_has_waited_too_long_is_told_to_ask_again(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()
    monkeypatch.setattr(services, "WAIT_SECONDS", 0.05)
    with in_thread(start(user, held.body)) as first:
        assert held.is_inside.wait(PATIENCE_SECONDS)
        waited = start(user, held.body)()
        held.may_go.set()
    problem = read_problem(waited, 409)
    assert problem["detail"] == "a request with this key is still being answered; send it again later"
    assert waited.headers["Retry-After"] == "5"
    assert_described(find_operation("post", "/api/tasks"), waited)
    again = start(user, held.body)()
    assert (again.content, again.headers[REPLAYED]) == (first.result().content, "true")
    assert Task.objects.count() == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer and no waits that could be bounded")
def test_the_bound_holds_for_the_key_alone(user: User) -> None:
    found = []

    def look(request: StartRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            found.append(cursor.fetchone()[0])

    look(None)  # type: ignore[arg-type]
    workflow = make_workflow(options={"run_predicate": look})
    assert start(user, {"workflow_name": workflow.name})().status_code == 201
    look(None)  # type: ignore[arg-type]
    assert set(found) == {"0"}
    assert len(found) == 3


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer: there, all writes wait for each other"
)
def test_another_key_does_not_wait(user: User) -> None:
    held = Held()
    other = make_workflow()
    with in_thread(start(user, held.body)) as first:
        assert held.is_inside.wait(PATIENCE_SECONDS)
        answer = post_with_key(make_client(user), "/api/tasks", {"workflow_name": other.name}, key="key-2")
        assert (answer.status_code, first.done()) == (201, False)
        held.may_go.set()
    assert first.result().status_code == 201


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no row locks")
def test_a_key_that_has_expired_and_that_somebody_holds_is_left_to_them(user: User) -> None:
    ask = start(user, {"workflow_name": make_workflow().name})
    old = database_now() - 2 * services.LIFETIME
    held = IdempotencyKey.objects.create(user=user, key="held", created_at=old, status_code=200)
    IdempotencyKey.objects.create(user=user, key="free", created_at=old, status_code=200)
    with transaction.atomic():
        IdempotencyKey.objects.select_for_update().get(pk=held.pk)
        with in_thread(ask) as asked:
            wait_for(asked.done, describe="the answer to a request with another key")
    assert asked.result().status_code == 201
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"held", "key-1"}
