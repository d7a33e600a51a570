"""The options of a schedule, wherever they were written."""

from typing import Any

import pytest

from schedules.triggers import OPTIONS, TriggerError, has_jitter, split_options

NOBODY = dict.fromkeys(OPTIONS)


def test_options_among_the_arguments_are_taken_out() -> None:
    kwargs = {"hour": 1, "timezone": "Asia/Tokyo", "dst_gap": "skip", "on_missing_day": None}
    rest, options = split_options(kwargs, {})
    assert rest == {"hour": 1}
    assert options == {**NOBODY, "timezone": "Asia/Tokyo", "dst_gap": "skip"}
    assert kwargs["timezone"] == "Asia/Tokyo"


def test_options_in_their_own_place_stay() -> None:
    rest, options = split_options({"hour": 1}, {"dst_fold": "both", "spread_seconds": 60, "timezone": None})
    assert rest == {"hour": 1}
    assert options == {**NOBODY, "dst_fold": "both", "spread_seconds": 60}


def test_the_same_in_both_places_is_fine() -> None:
    kwargs = {"hour": 1, "timezone": "UTC", "spread_seconds": 5}
    _, options = split_options(kwargs, {"timezone": "UTC", "spread_seconds": 5})
    assert options == {**NOBODY, "timezone": "UTC", "spread_seconds": 5}


def test_options_of_the_parts_of_a_trigger_are_taken_out_as_well() -> None:
    inner = {"trigger": "cron", "trigger_kwargs": {"hour": 2, "timezone": "UTC", "jitter": 30}}
    kwargs = {"triggers": [{"trigger": "or", "trigger_kwargs": {"triggers": [inner]}}, 5]}
    rest, options = split_options(kwargs, {})
    kept = {"trigger": "cron", "trigger_kwargs": {"hour": 2}}
    assert rest == {"triggers": [{"trigger": "or", "trigger_kwargs": {"triggers": [kept]}}, 5]}
    assert options == {**NOBODY, "timezone": "UTC", "spread_seconds": 30}
    assert has_jitter(kwargs)
    assert not has_jitter(rest)


def test_jitter_is_a_spread() -> None:
    assert split_options({"hour": 1, "jitter": 90}, {})[1]["spread_seconds"] == 90
    assert split_options({"hour": 1, "jitter": 0.5}, {})[1]["spread_seconds"] == 1
    assert split_options({"hour": 1, "jitter": None}, {})[1]["spread_seconds"] is None


@pytest.mark.parametrize(
    ("kwargs", "given", "field", "why"),
    [
        (
            {"timezone": "Asia/Tokyo"},
            {"timezone": "UTC"},
            "timezone",
            "'timezone' is 'UTC' but trigger_kwargs.timezone says 'Asia/Tokyo'; give one, or the same twice",
        ),
        (
            {"jitter": 5},
            {"spread_seconds": 6},
            "spread_seconds",
            "'spread_seconds' is 6 but trigger_kwargs.jitter says 5",
        ),
        (
            {"triggers": [{"trigger": "cron", "trigger_kwargs": {"timezone": "UTC"}}]},
            {"timezone": "Asia/Tokyo"},
            "timezone",
            "trigger_kwargs.triggers[0].trigger_kwargs.timezone says 'UTC'",
        ),
        ({}, {"dst_gap": "run_afer"}, "dst_gap", "'dst_gap' is 'run_afer': did you mean 'run_after'?"),
        ({"dst_fold": "third"}, {}, "trigger_kwargs.dst_fold", "'dst_fold' is 'third'"),
        ({}, {"on_missing_day": 5}, "on_missing_day", "'on_missing_day' is 5; known are skip, last_day"),
        ({}, {"spread_seconds": -1}, "spread_seconds", "give a whole number of seconds from 0 to 86400"),
        ({}, {"spread_seconds": 1.5}, "spread_seconds", "'spread_seconds' is 1.5"),
        ({}, {"spread_seconds": True}, "spread_seconds", "'spread_seconds' is True"),
        ({}, {"spread_seconds": 86_401}, "spread_seconds", "86401"),
        ({"jitter": "5"}, {}, "trigger_kwargs.jitter", "'jitter' is '5'"),
        ({"jitter": float("nan")}, {}, "trigger_kwargs.jitter", "'jitter' is nan"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    kwargs: dict[str, Any], given: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(TriggerError) as refusal:
        split_options(kwargs, given)
    assert why in str(refusal.value)
    assert refusal.value.field == field


def test_arguments_that_are_no_object_are_refused() -> None:
    no_object: Any = ["hour"]
    with pytest.raises(TriggerError, match=r"^trigger_kwargs is \['hour'\]; give an object such as") as refusal:
        split_options(no_object, {})
    assert refusal.value.field == "trigger_kwargs"


def test_options_are_found_as_deep_as_triggers_may_lie() -> None:
    kwargs: dict[str, Any] = {"hour": 1, "jitter": 5}
    for _ in range(3):
        kwargs = {"triggers": [{"trigger": "or", "trigger_kwargs": kwargs}]}
    assert has_jitter(kwargs)
    assert split_options(kwargs, {})[1]["spread_seconds"] == 5


def test_a_spread_of_nothing_is_a_value() -> None:
    assert split_options({"hour": 1}, {"spread_seconds": 0})[1]["spread_seconds"] == 0
    with pytest.raises(TriggerError, match=r"'spread_seconds' is 0 but trigger_kwargs\.jitter says 5"):
        split_options({"hour": 1, "jitter": 5}, {"spread_seconds": 0})


def test_what_is_nested_too_deep_to_be_built_is_left_as_it_is() -> None:
    kwargs: dict[str, Any] = {"hour": 1, "jitter": 5}
    for _ in range(50):
        kwargs = {"triggers": [{"trigger": "or", "trigger_kwargs": kwargs}]}
    assert split_options(kwargs, {}) == (kwargs, NOBODY)
    assert not has_jitter(kwargs)
