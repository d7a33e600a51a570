import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from tests.process.conftest import once_on_postgresql


@once_on_postgresql
@pytest.mark.timeout(120)
def test_a_quick_burst_measures_and_leaves_no_process(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    kind = pytestconfig.getoption("db")
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "burst", "--db", kind, "--json", str(report)]
    environment = {**os.environ, "BENCH_RUN": str(tmp_path)}
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())["databases"][kind]["burst"]
    assert [figure["unit"] for figure in figures] == ["firings/s", "tasks/s"]
    assert all(figure["value"] > 0 for figure in figures)
    assert not [
        child.cmdline() for child in psutil.Process().children(recursive=True) if "scheduler" in child.cmdline()
    ]
