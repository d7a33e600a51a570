"""crontab strings: Unix's fields, read into those of a cron pattern.

The rules are those of Debian's crontab(5): five fields, or six with the seconds first; 0 and 7 are Sunday; a day of the
month and a weekday are a union, unless one of the two begins with `*`. `L` (last day of the month), `5L` (its last
Friday) and `5#2` (its second Friday) are understood as well, as many tools write them.
"""

import re
from dataclasses import dataclass

from schedules.triggers.cron_fields import (
    MAX_CHARACTERS,
    RANGES,
    WEEKDAYS,
    Field,
    Item,
    LastDay,
    NthWeekday,
    Span,
    read_field,
)
from schedules.triggers.errors import TriggerError

FIELD = "trigger_kwargs.crontab"
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_NAMES = ("second", "minute", "hour", "day", "month", "day_of_week")
_SUNDAY_LAST = 7
_NUMBER_OF_WEEKDAY = {name: number for number, name in enumerate(("sun", *WEEKDAYS[:-1]))}
_WEEKDAY = re.compile(r"[0-9]{1,9}|[a-z]+", re.IGNORECASE | re.ASCII)
_NTH = re.compile(r"(?P<weekday>[0-9]|[a-z]{3})#(?P<position>[0-9])", re.IGNORECASE | re.ASCII)
_LAST = re.compile(r"(?P<weekday>[0-9]|[a-z]{3})l", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Crontab:
    """A crontab string, read; with `is_union` a day matches by its day of the month or by its weekday."""

    fields: dict[str, Field]
    is_union: bool


def read_crontab(text: object) -> Crontab:
    """Return what a crontab string means.

    Raises:
        TriggerError: It cannot be read.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_CHARACTERS:
        raise _refused(text, f"give five fields, such as '30 2 * * 1-5', in at most {MAX_CHARACTERS} characters")
    words = _spell_out(text).split()
    if len(words) not in {5, 6}:
        raise _refused(text, f"it has {len(words)} fields; give minute, hour, day, month and weekday, or seconds first")
    given = dict(zip(_NAMES, words if len(words) == len(_NAMES) else ["0", *words], strict=True))
    fields = {name: _read(name, word, text) for name, word in given.items()}
    for name in ("year", "week"):
        fields[name] = Field(name, (Span(*RANGES[name], is_star=True),), "*", is_given=False)
    is_union = not (fields["day"].begins_with_star or fields["day_of_week"].begins_with_star)
    return Crontab(fields, is_union)


def _spell_out(text: str) -> str:
    word = text.strip()
    if not word.startswith("@"):
        return word
    if word.lower() in NICKNAMES:
        return NICKNAMES[word.lower()]
    hints = {"@reboot": "there is no boot here", "@every": "use the trigger 'interval'"}
    hint = hints.get(word.lower().split()[0], "it is not known")
    raise _refused(text, f"{hint}; known are {', '.join(NICKNAMES)}")


def _read(name: str, word: str, text: str) -> Field:
    try:
        if name == "day_of_week":
            items = [each for item in word.lower().split(",") for each in _read_weekday(item)]
            return Field(name, tuple(items), word.lower())
        if name == "day":
            days = [LastDay() if item.lower() == "l" else read_field(name, item).items[0] for item in word.split(",")]
            return Field(name, tuple(days), word.lower())
        return read_field(name, word)
    except TriggerError as error:
        raise _refused(text, str(error)) from error
    except ValueError as error:
        raise _refused(text, f"'{name}' is {word!r}: {error}") from error


def _refused(text: object, why: str) -> TriggerError:
    return TriggerError(f"'crontab' is {text!r}: {why}", field=FIELD, value=text)


def _read_weekday(item: str) -> list[Item]:
    """Return an item of the weekdays, with Monday as 0."""
    if nth := _NTH.fullmatch(item):
        position = int(nth["position"])
        if not 1 <= position <= 5:  # noqa: PLR2004  # no month has six of a weekday
            raise ValueError(f"'{item}' asks for weekday number {position} of a month; give 1 to 5")
        return [NthWeekday(position, _monday_first(_weekday(nth["weekday"])))]
    if last := _LAST.fullmatch(item):
        return [NthWeekday(-1, _monday_first(_weekday(last["weekday"])))]
    return _read_weekdays(item)


def _read_weekdays(item: str) -> list[Item]:
    """Return a star, a weekday or a range of them; a range may end on 7, which is Sunday."""
    term, has_step, step_text = item.partition("/")
    step = _read_step(step_text, item) if has_step else 1
    if term == "*":
        return _days(range(0, _SUNDAY_LAST, step)) if step > 1 else [Span(0, 6, is_star=True)]
    first_text, is_range, last_text = term.partition("-")
    first = _weekday(first_text)
    if not is_range:
        return _days(range(first, _SUNDAY_LAST + 1 if has_step else first + 1, step))
    last = _weekday(last_text)
    if last == 0 and first > 0:
        last = _SUNDAY_LAST  # fri-sun
    if last < first:
        raise ValueError(f"the range '{item}' ends before it begins, and the week begins on sun; write two")
    return _days(range(first, last + 1, step))


def _read_step(text: str, item: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise ValueError(f"'{item}' cannot be read; a step is 1 or more")
    if int(text) > _SUNDAY_LAST:
        raise ValueError(f"the step {int(text)} is larger than a week")
    return int(text)


def _weekday(text: str) -> int:
    """Return the number of a weekday in a crontab, where 0 and 7 are Sunday."""
    if not _WEEKDAY.fullmatch(text):
        raise ValueError(f"'{text}' cannot be read; give 0 to 7, or sun to sat")
    if not text.isdigit():
        if text not in _NUMBER_OF_WEEKDAY:
            raise ValueError(f"there is no weekday '{text}'; known are {', '.join(_NUMBER_OF_WEEKDAY)}")
        return _NUMBER_OF_WEEKDAY[text]
    if int(text) > _SUNDAY_LAST:
        raise ValueError(f"{text} is not between 0 and 7, which both are Sunday")
    return int(text)


def _days(numbers: range) -> list[Item]:
    days = sorted({_monday_first(number) for number in numbers})
    return [Span(day, day) for day in days]


def _monday_first(number: int) -> int:
    return (number - 1) % 7
