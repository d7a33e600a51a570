"""The picture of the state machine in docs/tasks.md, made from the moves that the code allows.

It is computed, not drawn; from `manage.py shell`, `state_picture.write_page()` puts it into the page anew.
"""

import re
from collections import defaultdict
from pathlib import Path

from tasks.models import TaskStatus
from tasks.states import MOVES

PAGE = Path(__file__).parents[3] / "docs" / "tasks.md"

# Why a task makes a move, in the order of a task's life; one reason stands for all moves of a pair.
REASONS: dict[TaskStatus, dict[TaskStatus, str]] = {
    TaskStatus.CREATED: {TaskStatus.RUNNING: "a worker claims it", TaskStatus.ABORTED: "abort"},
    TaskStatus.RESUMED: {TaskStatus.RUNNING: "a worker claims it", TaskStatus.ABORTED: "abort"},
    TaskStatus.RUNNING: {
        TaskStatus.RUNNING: "another worker takes it over from one that died",
        TaskStatus.CREATED: "given back before its first step",
        TaskStatus.RESUMED: "given back after a step",
        TaskStatus.COMPLETED: "Done has run",
        TaskStatus.ABORTED: "abort, before its next step",
        TaskStatus.FAILED: "a step failed",
        TaskStatus.API_UNAVAILABLE: "a service could not be reached",
        TaskStatus.INCONSISTENT_DATA: "systems contradict each other, or its steps were changed",
        TaskStatus.SUSPENDED: "a step asks for answers",
        TaskStatus.WAITING: "a retried step failed",
        TaskStatus.AWAITING_CALLBACK: "another system was asked",
    },
    TaskStatus.SUSPENDED: {TaskStatus.RESUMED: "resume, with answers", TaskStatus.ABORTED: "abort"},
    TaskStatus.WAITING: {
        TaskStatus.RUNNING: "it is time to try again",
        TaskStatus.RESUMED: "resume",
        TaskStatus.ABORTED: "abort",
    },
    TaskStatus.AWAITING_CALLBACK: {
        TaskStatus.RUNNING: "nobody called back in time",
        TaskStatus.RESUMED: "the answer comes, or resume",
        TaskStatus.ABORTED: "abort",
    },
    TaskStatus.FAILED: {TaskStatus.RESUMED: "resume", TaskStatus.ABORTED: "abort"},
    TaskStatus.API_UNAVAILABLE: {TaskStatus.RESUMED: "resume, by hand or hourly", TaskStatus.ABORTED: "abort"},
    TaskStatus.INCONSISTENT_DATA: {TaskStatus.RESUMED: "resume", TaskStatus.ABORTED: "abort"},
    TaskStatus.COMPLETED: {},
    TaskStatus.ABORTED: {},
}


def render_picture() -> str:
    """Return the state machine as a mermaid diagram."""
    lines = ["stateDiagram-v2", "    [*] --> created: start, or a schedule fires"]
    for status in TaskStatus:  # MOVES comes in no order of its own
        targets = [target for target in TaskStatus if target in MOVES[status]]
        lines += [f"    {status} --> {target}: {REASONS[status][target]}" for target in targets]
        lines += [] if targets else [f"    {status} --> [*]"]
    return "\n".join(["```mermaid", *lines, "```"])


def render_table() -> str:
    """Return the moves as a table: from each status, to which, and why."""
    rows = ["| from | to | when |", "|---|---|---|"]
    for status in TaskStatus:
        by_reason: dict[str, list[str]] = defaultdict(list)
        for target in TaskStatus:
            if target in MOVES[status]:
                by_reason[REASONS[status][target]].append(f"`{target}`")
        rows += [f"| `{status}` | {', '.join(targets)} | {reason} |" for reason, targets in by_reason.items()]
        if not by_reason:
            rows.append(f"| `{status}` | nothing | it is over |")
    return "\n".join(rows)


def replace_computed(page: str) -> str:
    """Return the page with the picture and the table as they are now; each stands between two comments."""
    computed = iter([render_picture(), render_table()])
    pattern = r"(<!-- computed -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{next(computed)}\n{match[2]}", page, flags=re.DOTALL)


def write_page() -> None:
    """Put the picture and the table into the page."""
    PAGE.write_text(replace_computed(PAGE.read_text()))
