import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
from django.conf import settings

from tests.postgres import throwaway_postgres
from tests.support.wait import wait_for

OWNER = """
import sys
from tests.postgres import throwaway_postgres
with throwaway_postgres() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def folder_of(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def test_the_server_and_its_folder_go_when_the_owner_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        folder = folder_of(owner.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        assert Path(f"/proc/{server}").exists()
        owner.kill()
    wait_for(lambda: not folder.exists(), describe="the end of the folder")
    assert not Path(f"/proc/{server}").exists()


def test_a_durable_server_commits_to_disk() -> None:
    with throwaway_postgres(durable=True) as url, psycopg.connect(url) as connection:
        row = connection.execute("select current_setting('fsync')").fetchone()
    assert row == ("on",)
    assert not folder_of(url).exists()
