"""Somebody who creates, edits, pauses and deletes schedules by the API all the time, and notes what was answered."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.db import connections, transaction
from rest_framework.test import APIClient

from orchestrator_site.common.clock import database_now
from schedules.services import ScheduleDraft, create_schedule
from tests.support.grid import AtSeconds, Every, History, Moment, Rule
from workflows.models import Workflow

ACTOR = "a test"
STOP_SECONDS = 30
THINKING_SECONDS = (0.1, 0.5)
PAUSE_SECONDS = (3, 8)
# With the others not every instant has a task.
OVERLAP_POLICIES = ("allow", "queue_all")
# Of each ten rules one is frequent, and three are patterns.
RARE_SECONDS = (10, 30)
FREQUENT_SECONDS = (1, 9)


class Refused(AssertionError):
    """The answer is not 200; the message holds it."""


class Operator:
    """Works in a thread of its own, since a frozen scheduler may hold the row that a request waits for.

    Attributes:
        histories: What was done with each schedule, the deleted ones too.
        done: How often each thing was done.
    """

    def __init__(self, client: APIClient, *, workflow: Workflow, ends_at: datetime, chance: random.Random) -> None:
        self.histories: list[History] = []
        self.done: Counter[str] = Counter()
        self._failure: BaseException | None = None
        self._client = client
        self._workflow = workflow
        self._ends_at = ends_at
        self._chance = chance
        self._stop = threading.Event()
        self._is_free = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="operator", daemon=True)

    def create_many(self, count: int) -> None:
        """Create schedules in this thread, all at once and not by the API, which would take longer."""
        with transaction.atomic():
            for _ in range(count):
                self._create()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let it work inside of the block; it finishes what it is at.

        Raises:
            AssertionError: It got an answer that is wrong.
        """
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join(STOP_SECONDS)
        if self._failure is not None:
            raise AssertionError("the operator got a wrong answer") from self._failure

    def resume_all(self) -> None:
        """Resume, in this thread, what would stay paused for ever."""
        for history in self.histories:
            if history.is_paused and not history.is_deleted:
                self._resume(history)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Let it do nothing inside of the block."""
        with self._is_free:
            yield

    def _create(self) -> None:
        rule = self._choose_rule()
        kind, kwargs = rule.trigger()
        policies = {"overlap_policy": self._chance.choice(OVERLAP_POLICIES)}
        draft = ScheduleDraft(self._choose_name(), kind, self._until_the_end(kwargs), policies=policies)
        schedule = create_schedule(draft=draft, workflow=self._workflow, actor=ACTOR)
        assert schedule.next_run_at is not None, "what is created will fire"
        self.histories.append(History(schedule.pk, self._ends_at))
        self.histories[-1].set_rule(rule, Moment(schedule.created_at, schedule.created_at), first=schedule.next_run_at)
        self.done["created"] += 1

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._chance.uniform(*THINKING_SECONDS)):
                with self._is_free:
                    self._act()
                    connections.close_all()  # it may be away before the next time
        except BaseException as failure:  # noqa: BLE001  # it is raised where the test waits for this thread
            self._failure = failure
        finally:
            connections.close_all()

    def _act(self) -> None:
        history = self._chance.choice([each for each in self.histories if not each.is_deleted])
        actions = [self._rename, self._delete, self._replace]
        if history.is_paused:
            actions += [self._resume] * 6
        elif not history.is_paused_at(database_now()):
            actions += [self._edit, self._pause] * 3
        self._chance.choice(actions)(history)

    def _edit(self, history: History) -> None:
        rule = self._choose_rule()
        if rule == history.spans[-1].rule:
            return  # the same one again is no change, and an interval goes on counting from where it did
        kind, kwargs = rule.trigger()
        body = {"trigger": kind, "trigger_kwargs": self._until_the_end(kwargs)}
        try:
            answer, moment = self._ask("patch", _path(history), body, at="updated_at")
        except Refused:
            # It had to wait for a frozen scheduler; by now the new trigger has no instant left before the end.
            if self._has_instants(rule, database_now()):
                raise
            self.done["refused"] += 1
            return
        history.set_rule(rule, moment, first=_read(answer["next_run_at"]))
        self.done["edited"] += 1

    def _pause(self, history: History) -> None:
        end = database_now() + timedelta(seconds=self._chance.uniform(*PAUSE_SECONDS))
        until = self._chance.choice([None, end])
        body = {"reason": "a test", "until": None if until is None else until.isoformat()}
        try:
            _, moment = self._ask("post", f"{_path(history)}/pause", body, at="paused_at")
        except Refused:
            # It had to wait for a frozen scheduler; by now the end has passed, or the schedule is finished.
            if self._has_instants(history.spans[-1].rule, history.spans[-1].set_at) and not _has_passed(until):
                raise
            self.done["refused"] += 1
            return
        history.pause(moment, until=until)
        self.done["paused"] += 1

    def _resume(self, history: History) -> None:
        _, moment = self._ask("post", f"{_path(history)}/resume", {}, at="updated_at")
        history.resume(moment)
        self.done["resumed"] += 1

    def _rename(self, history: History) -> None:
        _, moment = self._ask("patch", _path(history), {"name": self._choose_name()}, at="updated_at")
        history.rename(moment)
        self.done["renamed"] += 1

    def _delete(self, history: History) -> None:
        asked_at = database_now()
        _, moment = self._ask("delete", _path(history), None, at="updated_at")
        history.delete(moment._replace(at=asked_at))
        self.done["deleted"] += 1

    def _replace(self, history: History) -> None:
        self._delete(history)
        self._create()

    def _ask(self, method: str, path: str, body: Any, *, at: str) -> tuple[dict[str, Any], Moment]:
        """Send a request; return its answer, and when it took effect: what the answer has under `at`.

        Raises:
            Refused: What is asked for cannot be done now.
        """
        response = getattr(self._client, method)(path, body)
        if response.status_code != HTTPStatus.OK:
            raise Refused(response.content)
        answer = response.json()
        return answer, Moment(_read(answer[at]), database_now())

    def _choose_name(self) -> str:
        return f"schedule {self._chance.randrange(1_000_000)}"

    def _choose_rule(self) -> Rule:
        """Return a rule that has an instant before the end, but not too near to it: a request takes its time."""
        now = database_now()
        rules = (self._choose_any_rule() for _ in range(10))
        return next((each for each in rules if self._has_instants(each, now)), Every(1))

    def _has_instants(self, rule: Rule, set_at: datetime) -> bool:
        """Tell whether a rule has an instant from now on, and not only shortly before the end."""
        until = self._ends_at - timedelta(seconds=2)
        return any(rule.instants(after=database_now(), until=until, set_at=set_at))

    def _choose_any_rule(self) -> Rule:
        kind = self._chance.randrange(10)
        if kind < 3:
            first, step = self._chance.randrange(10), self._chance.randrange(10, 31)
            return AtSeconds(tuple(range(first, 60, step)))
        seconds = self._chance.randint(*(FREQUENT_SECONDS if kind == 9 else RARE_SECONDS))
        if kind < 6:
            return Every(seconds, start=database_now().replace(microsecond=0) - timedelta(hours=1))
        return Every(seconds)

    def _until_the_end(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {**kwargs, "end_date": self._ends_at.isoformat()}


def _has_passed(moment: datetime | None) -> bool:
    return moment is not None and moment <= database_now()


def _path(history: History) -> str:
    return f"/api/schedules/{history.schedule_id}"


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)
