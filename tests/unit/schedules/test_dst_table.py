"""The tables of docs/time.md are those that the engine computes; test_triggers_dst.py has the same by hand."""

from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from schedules.triggers import DST_FOLDS, DST_GAPS
from schedules.triggers.clocks import first_moment_of
from tests.unit.schedules.dst_table import ANY, PAGE, TABLES, ChangeTable, Rule, render_tables, replace_tables


def test_the_page_holds_the_tables_as_they_are_computed() -> None:
    page = PAGE.read_text()
    assert page.count("<!-- computed -->") == len(TABLES)
    assert page == replace_tables(page), "run: python -m tests.unit.schedules.dst_table"
    assert all(table in page for table in render_tables())


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        (table, rule)
        for table in TABLES
        if isinstance(table, ChangeTable)
        for rule in table.rules
        if rule.policies is ANY
    ],
    ids=str,
)
def test_a_row_for_any_policy_holds_for_each(table: ChangeTable, rule: Rule) -> None:
    for day in (table.gap_from.date(), table.fold_from.date()):
        start = first_moment_of(datetime.combine(day, time()), ZoneInfo(table.zone))
        policies = [{"dst_gap": gap, "dst_fold": fold} for gap, fold in product(DST_GAPS, DST_FOLDS)]
        fires = [rule.fires(table.zone, each, start, start + timedelta(days=2)) for each in policies]
        assert all(each == fires[0] for each in fires)
