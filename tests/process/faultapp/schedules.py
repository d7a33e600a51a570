"""A function that is scheduled in code, for the processes that a test asks to have one."""

import os

from schedules.scheduler import scheduler
from tests.process.faultapp.gate import wait_at_gate

# Path of a file to which the function testifies each run; without one there is no function.
FILE_VARIABLE = "DECORATED_WITNESS_FILE"
FUNCTION_ID = "every-second"

if FILE_VARIABLE in os.environ:

    @scheduler.scheduled_job(id=FUNCTION_ID, name="Every second", trigger="interval", seconds=1)
    def testify() -> None:
        # One write to a file that is only appended to, as the witness of steps has it.
        descriptor = os.open(os.environ[FILE_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{os.getpid()}\n".encode())
        finally:
            os.close(descriptor)
        wait_at_gate("function")
