"""docs/tasks.md shows the state machine that the code has, and every status there is."""

import pytest

from tasks.models import StepStatus, TaskStatus
from tasks.states import MOVES
from tests.unit.tasks.state_picture import PAGE, REASONS, render_picture, replace_computed


def test_the_page_holds_the_picture_as_it_is_computed() -> None:
    page = PAGE.read_text()
    assert page.count("<!-- computed -->") == 2
    assert page == replace_computed(page), (
        "run in manage.py shell: from tests.unit.tasks import state_picture; state_picture.write_page()"
    )


def test_every_move_has_its_reason_and_no_other_has_one() -> None:
    assert {status: set(reasons) for status, reasons in REASONS.items()} == MOVES


def test_the_picture_has_every_move() -> None:
    picture = render_picture()
    for status, targets in MOVES.items():
        for target in targets:
            assert f"    {status} --> {target}: " in picture


@pytest.mark.parametrize("status", [*TaskStatus, *StepStatus], ids=lambda each: f"{type(each).__name__}-{each}")
def test_the_page_says_what_each_status_means(status: str) -> None:
    assert f"| `{status}` | " in PAGE.read_text()
