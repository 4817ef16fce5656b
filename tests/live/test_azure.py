"""`pytest -m live`: the selftest on Azure, as `cmkmigrate selftest --live --yes` puts it. It costs money.

Left out of every usual run. Skipped where the variables that name a subscription and a region are not set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmkmigrate.cli.selftest import LOCATION, REPORT, SUBSCRIPTION

MISSING = [name for name in (SUBSCRIPTION, LOCATION) if not os.environ.get(name)]


@pytest.mark.live
@pytest.mark.skipif(bool(MISSING), reason=f"not set: {', '.join(MISSING)} (docs/selftest.md)")
def test_azure_answers_as_the_sandbox(tmp_path: Path) -> None:
    report = Path(os.environ.get("CMKMIGRATE_LIVE_REPORT") or tmp_path / REPORT)
    command = [sys.executable, "-m", "cmkmigrate", "selftest", "--live", "--yes", "--out", str(report)]
    ended = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    assert report.is_file(), "it ended before the first question; its own words are above"
    found = json.loads(report.read_text("utf-8"))
    other = [f"{one['id']}: {one['verdict']}" for one in found["results"] if one["verdict"] != "as the sandbox"]
    assert (other, ended.returncode) == ([], 0)
