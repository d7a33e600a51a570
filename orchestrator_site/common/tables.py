"""Tables that commands print."""

from collections.abc import Collection, Iterable, Sequence

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 10_000


def print_table(
    stdout: OutputWrapper,
    *,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    unwrapped: Collection[str] = (),
) -> None:
    """Print a table; what it holds is shown as it is, and cut nowhere.

    Args:
        stdout: Where to.
        title: Above it.
        columns: Their titles.
        rows: As many texts as there are columns each.
        unwrapped: The columns that stay on one line if the screen is wide enough for that.
    """
    table = Table(title=Text(title))
    for column in columns:
        table.add_column(column, no_wrap=column in unwrapped, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # never markup: people typed it
    # Piped into a file or grep there is no screen to fit into: nothing is wrapped or cut.
    console = Console(width=None if stdout.isatty() else PIPE_WIDTH)
    with console.capture() as capture:
        console.print(table)
    stdout.write(capture.get(), ending="")
