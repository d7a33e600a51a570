"""The version is told in one place of the code; files that cannot import it say the same."""

import re
import tomllib

from django.conf import settings

from orchestrator_site.common.version import VERSION


def test_the_files_that_name_the_version_agree_with_the_code() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    [label] = re.findall(r'image\.version="([^"]+)"', (settings.BASE_DIR / "Dockerfile").read_text())
    assert project["project"]["version"] == label == VERSION
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == VERSION
