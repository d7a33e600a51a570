"""The days of a cron pattern in words: days of the month, weekdays, months, weeks and years."""

from dataclasses import replace

from schedules.triggers.cron_fields import RANGES, Field, LastDay, NthWeekday, Span
from schedules.triggers.summary.words import (
    MONTH_NAMES,
    SHORTEST_RUN,
    WEEKDAY_NAMES,
    find_runs,
    find_step,
    join_words,
    ordinal,
    write_numbers,
)

_LAST_YEAR = RANGES["year"][1]
_MOST_YEARS = 50
Fields = dict[str, Field]


def is_every(field: Field) -> bool:
    """Tell whether every value matches, however that was written."""
    smallest, largest = RANGES[field.name]
    whole = Span(smallest, largest)
    is_whole = any(isinstance(item, Span) and replace(item, is_star=False) == whole for item in field.items)
    return is_whole or len(field.values()) == largest - smallest + 1


def describe_leading_day(fields: Fields) -> str | None:
    """Return the days where they are only days of a month, such as `on the last day of the month`.

    It reads well before the time of day as well as after it.
    """
    day, weekday = fields["day"], fields["day_of_week"]
    if is_every(day):
        only_nth = not weekday.values()
        return _of_months(_days_of_month(weekday), fields["month"]) if only_nth else None
    return _of_months(_days_of_month(day), fields["month"]) if is_every(weekday) else None


def describe_days(fields: Fields, *, is_union: bool) -> list[str]:
    """Return the phrases that say on which days of which months a pattern matches; none for every day.

    Args:
        fields: All of a pattern's fields.
        is_union: Whether a day of the month or a weekday is enough, as in a crontab.
    """
    phrases = []
    if not is_every_day(fields, is_union=is_union):
        if leading := describe_leading_day(fields):
            return [leading]
        phrases.append(_days_and_weekdays(fields, is_union=is_union))
    if not is_every(fields["month"]):
        phrases.append(f"in {_months(fields['month'])}")
    return phrases


def describe_weeks_and_years(fields: Fields) -> list[str]:
    """Return the phrases for ISO weeks and years that are not all of them."""
    phrases = []
    if not is_every(fields["week"]):
        phrases.append(f"in {_weeks(fields['week'])}")
    if not is_every(fields["year"]):
        phrases.append(_years(fields["year"]))
    return phrases


def name_weekdays(field: Field) -> str:
    """Return the weekdays that match, as `Monday to Friday`."""
    return join_words(write_numbers(field.values(), WEEKDAY_NAMES.__getitem__))


def is_every_day(fields: Fields, *, is_union: bool) -> bool:
    """Tell whether every day of the months that match is one."""
    every = [is_every(fields["day"]), is_every(fields["day_of_week"])]
    return any(every) if is_union else all(every)


def _days_and_weekdays(fields: Fields, *, is_union: bool) -> str:
    day, weekday = fields["day"], fields["day_of_week"]
    if is_every(day):
        return _weekdays(weekday)
    days = f"on {join_words(_days_of_month(day))} of the month"
    if is_union:
        return f"{days} and also {_weekdays(weekday)}"
    return f"{days} if it is {join_words(_weekdays_and_positions(weekday), 'or')}"


def _days_of_month(field: Field) -> list[str]:
    """Return the items of a field that are days of a month: `the 1st`, `the last day`, `the 2nd Friday`."""
    values = field.values() if field.name == "day" else ()
    if step := find_step(values):
        phrases = [f"every {ordinal(step)} day from the {ordinal(values[0])} to the {ordinal(values[-1])}"]
    else:
        phrases = [f"the {each}" for each in write_numbers(values, ordinal)]
    if any(isinstance(item, LastDay) for item in field.items):
        phrases.append("the last day")
    return phrases + _positions(field)


def _positions(field: Field) -> list[str]:
    positions = {(item.position, item.weekday) for item in field.items if isinstance(item, NthWeekday)}
    return [
        f"the {'last' if position < 0 else ordinal(position)} {WEEKDAY_NAMES[weekday]}"
        for position, weekday in sorted(positions, key=lambda each: (each[0] < 0, each))
    ]


def _weekdays(field: Field) -> str:
    """Return `Monday to Friday`, `every Monday and Friday`, `every Monday and on the last Friday of the month`."""
    values, positions = field.values(), _positions(field)
    phrases = []
    if values:
        [(first, last), *others] = find_runs(values)
        is_one_range = not others and last - first + 1 >= SHORTEST_RUN
        phrases.append(name_weekdays(field) if is_one_range else f"every {name_weekdays(field)}")
    if positions:
        phrases.append(f"on {join_words(positions)} of the month")
    return " and ".join(phrases)


def _weekdays_and_positions(field: Field) -> list[str]:
    weekdays = write_numbers(field.values(), WEEKDAY_NAMES.__getitem__)
    return weekdays + [f"{each} of the month" for each in _positions(field)]


def _of_months(days: list[str], month: Field) -> str:
    return f"on {join_words(days)} of {'the month' if is_every(month) else _months(month)}"


def _months(field: Field) -> str:
    values = field.values()
    return join_words(write_numbers(values, lambda each: MONTH_NAMES[each - 1]))


def _weeks(field: Field) -> str:
    values = field.values()
    if step := find_step(values):
        return f"every {ordinal(step)} ISO week from {values[0]} to {values[-1]}"
    return f"ISO week{'' if len(values) == 1 else 's'} {join_words(write_numbers(values))}"


def _years(field: Field) -> str:
    """Return the years that match; span by span, since there are thousands of them up to the year 9999."""
    spans = [replace(item, is_star=False) for item in field.items if isinstance(item, Span)]
    if any(span.last - span.first >= _MOST_YEARS for span in spans):
        parts = sorted({_year_span(span) for span in spans})
    else:
        parts = [_year_span(Span(first, last)) for first, last in find_runs(field.values())]
    return join_words(parts)


def _year_span(span: Span) -> str:
    is_open = span.last + span.step > _LAST_YEAR
    years = range(span.first, span.last + 1, span.step)
    if len(years) == 1:
        return f"in {span.first}"
    every = f"in every {ordinal(span.step)} year " if span.step > 1 else ""
    return f"{every}from {span.first} {'on' if is_open else f'to {years[-1]}'}"
