"""Workers of several versions in one process: each deploys its own before it does anything."""

from datetime import timedelta
from typing import Any

from tasks.abstention import Abstention
from tasks.deploys import register_worker, see_worker, version_of
from tasks.queue import Claim, claim_queued
from tasks.runner import Crew, run_claimed
from tests.integration.tasks.deploying import OLD, Deployment
from tests.support.factories import make_lease
from workflows.registry import get_definition

NEW = "A X B C D"  # a task that stands at B cannot go on there


class Fellow:
    """A worker with a version of its own, in this process: it deploys that before it does anything."""

    def __init__(self, deployment: Deployment, name: str, steps: str = OLD, **aliases: str) -> None:
        self.deployment = deployment
        self.name = name
        self.steps = steps
        self.aliases = aliases
        self.abstention = Abstention()
        self.crew = Crew(worker=name, leave=self.abstention.leave)
        self._load_code()
        version = version_of(get_definition(deployment.workflow.name))
        register_worker(name=name, host="h", pid=1, versions=[version], now=deployment.clock.now)

    def _load_code(self) -> None:
        self.deployment.deploy(self.steps, aliases=self.aliases)

    def work(self) -> list[Claim]:
        """Claim what is due and not left to others, and run it; return what was claimed."""
        self._load_code()
        clock = self.deployment.clock
        lease = make_lease(worker=self.name, now=clock.now)
        claims = claim_queued(lease, limit=10, left_alone=self.abstention.left_alone(now=clock.now))
        for claim in claims:
            run_claimed(claim, clock=clock, crew=self.crew)
        return claims

    def beat(self) -> None:
        see_worker(name=self.name, now=self.deployment.clock.now)


def let_pass(fellow: Fellow, span: timedelta, *, seen: list[Fellow]) -> None:
    """Let time pass; those that are `seen` are alive all the while."""
    fellow.deployment.clock.now += span
    for each in seen:
        each.beat()


def stop_after(steps: int) -> Any:
    """Return what tells a worker to stop when so many steps have passed."""
    looks = iter([False] * steps)
    return lambda: next(looks, True)
