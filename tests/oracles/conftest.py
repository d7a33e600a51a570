"""Counts the instants that are compared, and says how many at the end of the run."""

from collections.abc import Callable

import pytest

CASES = "compared_instants"


@pytest.fixture
def count_cases(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """Return a function that adds to the number of instants that this test compared."""
    return lambda count: record_property(CASES, count)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    compared = 0
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        if isinstance(report, pytest.TestReport) and report.when == "call":
            compared += sum(int(str(count)) for name, count in report.user_properties if name == CASES)
    if compared:
        terminalreporter.write_sep("-", f"oracles: {compared:,} instants compared")
