"""Workflows made by hypothesis: steps of every kind, in groups, under conditions and on parts of the state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django import forms
from hypothesis import strategies as st

from workflows.engine import (
    InconsistentData,
    State,
    StepList,
    abort,
    callback_step,
    conditional,
    focussteps,
    inputstep,
    retrystep,
    step,
    step_group,
)

KEYS = st.sampled_from(["site", "ports", "plan", "task_id", "reporter", "callback_result", "callback_route"])
# Up to 10**15 PostgreSQL's jsonb, whose numbers are decimal, gives each float back as it was.
FLOATS = st.floats(-1e15, 1e15) | st.sampled_from([float("nan"), float("inf")])
TEXTS = st.text(st.characters(exclude_categories=()), max_size=4) | st.just("\\u0000")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXTS | st.just(b"no JSON") | st.tuples(st.integers()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS | st.integers(), inner, max_size=2),
    max_leaves=4,
)
WILD_UPDATES = st.dictionaries(KEYS | st.just(7), VALUES, max_size=2)
PLAIN_VALUES: st.SearchStrategy[Any] = st.none() | st.integers(0, 9) | st.just({}) | st.just({"plan": [True]})
UPDATES = st.none() | st.dictionaries(KEYS, PLAIN_VALUES, max_size=2)
ERRORS = st.sampled_from(
    [
        ValueError("no such node"),
        InconsistentData("two ports, one cable"),
        AssertionError(),
        ConnectionRefusedError("nso:8080"),
        TimeoutError("no answer"),
        KeyError("a \0 and \udcff"),
    ]
)


class ReasonForm(forms.Form):
    reason = forms.CharField()
    site = forms.IntegerField(required=False)


@dataclass
class Body:
    """What a generated step does: fail some times, then look at the state and return something."""

    returned: Any
    error: Exception
    failures: int
    looks_at: str
    calls: int = field(default=0, init=False)
    routes: list[str] = field(default_factory=list, init=False)  # those of all bodies of a workflow are one list

    def act(self, state: State) -> Any:
        self.calls += 1
        if self.calls <= self.failures:
            raise type(self.error)(*self.error.args)  # a new one: each has a traceback of its own
        state.clear()  # of its copy
        return self.returned

    def as_function(self) -> Callable[..., Any]:
        def act(state: State) -> Any:
            return self.act(state)

        def act_on_site(site: Any, state: State) -> Any:
            return self.act({**state, "seen": site})

        def act_on_plan(plan: Any = "none") -> Any:
            return self.act({}) or {"seen": plan}

        functions: dict[str, Callable[..., Any]] = {"site": act_on_site, "plan": act_on_plan, "state": act}
        return functions[self.looks_at]

    def as_action(self) -> Callable[..., Any]:
        def act(state: State, callback_route: str) -> Any:
            self.routes.append(callback_route)
            assert "/callback/" in callback_route
            return self.act(state)

        return act


def _bodies(failures: list[int]) -> st.SearchStrategy[Body]:
    return st.builds(
        Body,
        returned=st.one_of(*[UPDATES] * 5, WILD_UPDATES, st.just([1])),
        error=ERRORS,
        failures=st.sampled_from(failures),
        looks_at=st.sampled_from(["state", "state", "state", "state", "plan", "plan", "site"]),
    )


BODIES, FLAKY_BODIES = _bodies([0, 0, 0, 1, 2]), _bodies([0, 1, 2, 3])


def _holds(state: State) -> bool:
    return True


def _holds_never(state: State) -> bool:
    return False


def _holds_with_plan(state: State) -> bool:
    return bool(state.get("plan"))


def _holds_without_site(state: State) -> bool:
    return "site" not in state


def _fails_without_plan(state: State) -> bool:
    return state["plan"] is not None


PREDICATES = st.sampled_from([_holds_never, _holds_with_plan, _holds_without_site, _fails_without_plan])


@dataclass(frozen=True)
class Spec:
    """A step, or steps made of others; `make` makes them, their functions those of the bodies or stand-ins."""

    kind: str
    bodies: tuple[Body, ...] = ()
    options: tuple[Any, ...] = ()
    inner: tuple["Spec", ...] = ()

    def make(self, number: "Iterator[int]", *, never: Callable[..., Any] | None = None) -> StepList:
        """Return the steps.

        Args:
            number: Goes into the names of steps that answers are given to.
            never: Stands in for the functions, if given.
        """
        if self.inner:
            return self._wrap(StepList(each for spec in self.inner for each in spec.make(number, never=never)))
        functions = [never or body.as_function() for body in self.bodies]
        match self.kind:
            case "step":
                name, atomic = self.options
                return StepList([step(name, atomic=atomic)(functions[0])])
            case "retrystep":
                name, atomic, attempts = self.options
                return StepList([retrystep(name, max_attempts=attempts, atomic=atomic)(functions[0])])
            case "inputstep":
                return StepList([inputstep(f"Ask {next(number)}", form=ReasonForm)(functions[0])])
            case "callback":
                action = step("Ask NSO")(_never_called_back if never else self.bodies[0].as_action())
                asking, awaiting, looking = callback_step(f"NSO {next(number)}", action, step("Look")(functions[1]))
                return conditional(*self.options)(asking) >> awaiting >> looking
        return abort

    def _wrap(self, steps: StepList) -> StepList:
        match self.kind:
            case "conditional":
                return conditional(*self.options)(steps)
            case "focus":
                return focussteps(*self.options)(steps)
        return step_group("Group", steps)

    def all_bodies(self) -> Iterator[Body]:
        yield from self.bodies
        for spec in self.inner:
            yield from spec.all_bodies()


def _never_called_back(callback_route: str) -> None:
    raise AssertionError("a step ran that a stub stands in for")


NAMES = st.sampled_from(["Read", "Write", "Check"])
LEAVES = st.one_of(
    st.builds(Spec, st.just("step"), st.tuples(BODIES), st.tuples(NAMES, st.booleans())),
    st.builds(Spec, st.just("step"), st.tuples(BODIES), st.tuples(NAMES, st.booleans())),
    st.builds(
        Spec,
        st.just("retrystep"),
        st.tuples(FLAKY_BODIES),
        st.tuples(NAMES, st.booleans(), st.sampled_from([None, 1, 2, 3])),
    ),
    st.builds(Spec, st.just("inputstep"), st.tuples(BODIES)),
    st.builds(Spec, st.just("callback"), st.tuples(BODIES, BODIES), st.tuples(st.just(_holds) | PREDICATES)),
    st.builds(Spec, st.just("abort")),
)


def _wrapped(inner: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    several = st.lists(inner, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Spec, st.just("group"), inner=several),
        st.builds(Spec, st.just("conditional"), options=st.tuples(PREDICATES), inner=several),
        st.builds(Spec, st.just("focus"), options=st.tuples(st.sampled_from(["site", "plan", "new"])), inner=several),
    )


SPECS = st.lists(LEAVES | _wrapped(LEAVES) | _wrapped(LEAVES | _wrapped(LEAVES)), max_size=4)
ANSWERS = st.fixed_dictionaries({"reason": st.sampled_from(["late", "ill"]), "site": st.none() | st.integers(0, 9)})
RESULTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just("fine"), lambda inner: st.lists(inner, max_size=2), max_leaves=2
)
