"""The life of a sandbox: what it writes when it is ready, how it stops, what it refuses to start with."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.conftest import ARM, start, stop


def test_ready_files_and_a_clean_end(tmp_path: Path) -> None:
    running = start(tmp_path, "--estate", "small", "--limits", "x3")
    try:
        for name in ("env", "params"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert not list(tmp_path.glob(".*")), "no half-written file is left"
        assert all(line.startswith("export ") for line in (tmp_path / "env").read_text().splitlines())
        assert running.env["CMKMIGRATE_PACE"] == "3" and running.env["NO_PROXY"] == ""
        assert {"source", "target_name", "vault_name", "key_name"} <= set(running.params)
        assert running.arm("GET", running.params["source"]).status == 200
        authority = Path(running.env["SSL_CERT_FILE"])
        assert authority.is_file()
    finally:
        code = stop(running)
    assert code == 0 and not authority.parent.exists()
    output = (tmp_path / "output").read_text()
    assert output.startswith(f"sandbox ready on 127.0.0.1:{running.port}") and output.count("\n") == 1


def test_pace_says_how_the_limits_are(tmp_path: Path) -> None:
    for limits, pace in (("off", "off"), ("documented", None)):
        folder = tmp_path / limits
        folder.mkdir()
        running = start(folder, "--estate", "small", "--limits", limits)
        assert stop(running) == 0
        assert running.env.get("CMKMIGRATE_PACE") == pace


def test_two_estates(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    told = {"name": "other", "region": "eastus", "workspace_id": 1234567890123456}
    told["workspace_url"] = "https://adb-1234567890123456.16.azuredatabricks.net"
    (other / "estate.json").write_text(json.dumps(told))
    running = start(tmp_path, "--estate", "small", "--estate", str(other))
    try:
        names = {one["name"] for one in running.arm("GET", "providers/Microsoft.Databricks/workspaces").json["value"]}
        assert "other" in names and len(names) == 2
        assert running.params["target"].endswith("/workspaces/other")
    finally:
        stop(running)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--estate", "no-such-estate"], 64, "no-such-estate"),
        (["--limits", "fast"], 64, "off, documented or xN"),
        (["--faults", "no-such-file"], 1, "no-such-file"),
        (["--estate", "small", "--estate", "small"], 64, "loaded already"),
        (["--port", "1"], 1, "error: "),
    ],
)
def test_refused_at_the_start(words: list[str], code: int, told: str) -> None:
    command = [sys.executable, "-m", "cmkmigrate.sandbox", *words]
    if words == ["--port", "1"]:
        running = socket_in_use()
        command[-1] = str(running[1])
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if words == ["--port", "1"]:
        running[0].close()
    assert (result.returncode, told in result.stderr) == (code, True), result.stderr
    assert "Traceback" not in result.stderr


def socket_in_use() -> tuple[object, int]:
    import socket

    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken, taken.getsockname()[1]


def test_arm_host_is_the_documented_one() -> None:
    assert ARM == "management.azure.test"
