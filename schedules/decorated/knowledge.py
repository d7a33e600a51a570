"""What is known of the functions that are scheduled in code, as a release of the code has it."""

from dataclasses import asdict

from schedules.decorated.registry import DECORATED
from workflows.models import ReleasePart
from workflows.releases.contents import Known, digest_function, know, python_version


def know_functions() -> Known:
    """Return every function by its id: what it is called, where it is, when it runs, and a digest of its code."""
    contents = {
        function.id: {
            "name": function.name,
            "reference": function.reference,
            "rule": asdict(function.rule),
            "runs": function.rule.summary,
            "python": python_version(),
            "code": digest_function(function.function),
        }
        for function in DECORATED.values()
    }
    return know(ReleasePart.FUNCTIONS, contents)
