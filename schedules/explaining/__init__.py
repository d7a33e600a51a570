"""Why a schedule fired, fires or does not fire at a moment. Pure: facts in, an explanation out.

The ledger is the truth about what has been decided. Where it has no row, the schedule as it is now is asked, one check
after the other; the first one that fails is the verdict.
"""

from schedules.explaining.codes import MEANINGS, CheckName, Code, Result, Tense
from schedules.explaining.explaining import explain
from schedules.explaining.explanation import Check, Explanation, LedgerRow, TaskFate, Verdict
from schedules.explaining.facts import EXACT, Asked, Facts, Schedulers, Subject
from schedules.explaining.recorded import NEAR

__all__ = [
    "EXACT",
    "MEANINGS",
    "NEAR",
    "Asked",
    "Check",
    "CheckName",
    "Code",
    "Explanation",
    "Facts",
    "LedgerRow",
    "Result",
    "Schedulers",
    "Subject",
    "TaskFate",
    "Tense",
    "Verdict",
    "explain",
]
