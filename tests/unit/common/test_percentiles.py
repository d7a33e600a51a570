import pytest

from orchestrator_site.common.percentiles import find_percentile


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [
        ([7], 50, 7),
        ([7], 1, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 102)), 99, 100),
        (list(range(1, 11)), 99, 10),
        (list(range(1, 11)), 100, 10),
    ],
)
def test_percentiles_are_those_of_the_nearest_rank(values: list[int], percent: int, found: int) -> None:
    assert find_percentile(values, percent) == found
