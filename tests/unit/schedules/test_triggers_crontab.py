"""crontab strings: Unix's rules, and what is refused."""

import pytest

from schedules.triggers import TriggerError
from tests.unit.schedules.factories import make_trigger, times_of

# 2027-01-01 is a Friday.
AFTER = "2027-01-01"


@pytest.mark.parametrize(
    ("crontab", "expected"),
    [
        ("30 2 * * *", ["2027-01-01 02:30", "2027-01-02 02:30"]),
        ("  30\t2 * * *  ", ["2027-01-01 02:30"]),
        ("*/20 * * * *", ["2027-01-01 00:20", "2027-01-01 00:40"]),
        ("5/20 0 * * *", ["2027-01-01 00:05", "2027-01-01 00:25", "2027-01-01 00:45", "2027-01-02 00:05"]),
        ("0 4 1 jan-mar/2,DEC *", ["2027-01-01 04:00", "2027-03-01 04:00", "2027-12-01 04:00"]),
        # Six fields: the seconds are the first.
        ("*/30 0 0 * * *", ["2027-01-01 00:00:30", "2027-01-02"]),
        # 0 and 7 are Sunday, 1 is Monday.
        ("0 0 * * 0", ["2027-01-03 00:00", "2027-01-10 00:00"]),
        ("0 0 * * 7", ["2027-01-03 00:00"]),
        ("0 0 * * 1", ["2027-01-04 00:00"]),
        ("0 0 * * 5-7", ["2027-01-02 00:00", "2027-01-03 00:00", "2027-01-08 00:00"]),
        ("0 0 * * fri-sun", ["2027-01-02 00:00", "2027-01-03 00:00", "2027-01-08 00:00"]),
        ("0 0 * * 0-0", ["2027-01-03 00:00", "2027-01-10 00:00"]),
        ("0 0 * * SUN,Tue", ["2027-01-03 00:00", "2027-01-05 00:00"]),
        ("0 0 * * */2", ["2027-01-02 00:00", "2027-01-03 00:00", "2027-01-05 00:00", "2027-01-07 00:00"]),
        ("0 0 * * 1-5/2", ["2027-01-04 00:00", "2027-01-06 00:00", "2027-01-08 00:00"]),
        ("0 0 * * 4/2", ["2027-01-02 00:00", "2027-01-07 00:00", "2027-01-09 00:00"]),
        # A day of the month or a weekday, whichever comes.
        ("0 0 5 * 1", ["2027-01-04 00:00", "2027-01-05 00:00", "2027-01-11 00:00"]),
        # Both, where one of them begins with a star.
        ("0 0 */2 * 1", ["2027-01-11 00:00", "2027-01-25 00:00"]),
        ("0 0 4 * */2", ["2027-02-04 00:00", "2027-03-04 00:00", "2027-04-04 00:00"]),
        # What many tools write besides.
        ("0 0 L * *", ["2027-01-31 00:00", "2027-02-28 00:00"]),
        ("0 0 1,l * *", ["2027-01-31 00:00", "2027-02-01 00:00"]),
        ("0 0 * * 5L", ["2027-01-29 00:00", "2027-02-26 00:00"]),
        ("0 0 * * fri#2", ["2027-01-08 00:00", "2027-02-12 00:00"]),
        ("0 0 * * 7#5", ["2027-01-31 00:00", "2027-05-30 00:00"]),
        ("@hourly", ["2027-01-01 01:00", "2027-01-01 02:00"]),
        ("@daily", ["2027-01-02 00:00"]),
        ("@midnight", ["2027-01-02 00:00"]),
        ("@weekly", ["2027-01-03 00:00"]),
        ("@Monthly", ["2027-02-01 00:00"]),
        ("@yearly", ["2028-01-01 00:00"]),
        ("@annually", ["2028-01-01 00:00"]),
    ],
)
def test_the_fields_say_when(crontab: str, expected: list[str]) -> None:
    found = times_of(make_trigger("cron", crontab=crontab), after=AFTER, count=len(expected))
    assert found == [each if ":" in each else f"{each} 00:00" for each in expected]


def test_bounds_go_with_it() -> None:
    trigger = make_trigger("cron", crontab="@daily", start_date="2027-03-01", end_date="2027-03-02")
    assert times_of(trigger, after=AFTER, count=9) == ["2027-03-01 00:00", "2027-03-02 00:00"]


def test_it_is_shown_as_it_was_written() -> None:
    assert str(make_trigger("cron", crontab="30 2 * * 1-5")) == "cron[crontab='30 2 * * 1-5']"


@pytest.mark.parametrize(
    ("crontab", "why"),
    [
        ("", "give five fields"),
        ("* * * *", "it has 4 fields"),
        ("0 0 0 1 1 * 2027", "it has 7 fields"),
        ("60 * * * *", "60 is not between 0 and 59"),
        ("0 24 * * *", "24 is not between 0 and 23"),
        ("0 0 0 * *", "0 is not between 1 and 31"),
        ("0 0 * 13 *", "13 is not between 1 and 12"),
        ("0 0 * * 8", "8 is not between 0 and 7"),
        ("0 0 * * fry", "there is no weekday 'fry'; known are sun"),
        ("0 0 * * fri-mon", "the week begins on sun"),
        ("0 0 * * 1#6", "give 1 to 5"),
        ("0 0 * * */0", "a step is 1 or more"),
        ("0 0 * * */9", "larger than a week"),
        ("0 0 * * 1-2-3", "cannot be read"),
        ("*/0 * * * *", "a step of 0 never moves on"),
        ("*/90 * * * *", "the step 90 is larger than the range from 0 to 59"),
        ("5-1 * * * *", "ends before it begins"),
        ("0 0 ? * *", "cannot be read"),
        ("1,,2 * * * *", "cannot be read"),
        ("@reboot", "there is no boot here; known are @hourly"),
        ("@every 5m", "use the trigger 'interval'"),
        ("@fortnightly", "it is not known"),
        (5, "give five fields"),
        (["* * * * *"], "give five fields"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be_right(crontab: object, why: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        make_trigger("cron", crontab=crontab)
    assert str(refusal.value).startswith(f"'crontab' is {crontab!r}: ")
    assert why in str(refusal.value)
    assert (refusal.value.field, refusal.value.value) == ("trigger_kwargs.crontab", crontab)


def test_another_field_beside_it_is_refused() -> None:
    with pytest.raises(TriggerError, match="'hour' cannot stand beside 'crontab'") as refusal:
        make_trigger("cron", crontab="0 0 * * *", hour=3)
    assert refusal.value.field == "trigger_kwargs.hour"


def test_a_fixed_time_is_told_from_a_pattern_by_how_minute_and_hour_begin() -> None:
    # 28 March 2027: 02:00 to 03:00 is skipped in Amsterdam.
    fixed = make_trigger("cron", zone="Europe/Amsterdam", crontab="30 2 * * *")
    assert times_of(fixed, after="2027-03-27T12:00", count=1) == ["2027-03-28 01:00"]
    for crontab in ("*/30 2 * * *", "30 */2 * * *"):
        elapsed = make_trigger("cron", zone="Europe/Amsterdam", crontab=crontab)
        assert "2027-03-28 01:00" not in times_of(elapsed, after="2027-03-27T12:00", count=9)
