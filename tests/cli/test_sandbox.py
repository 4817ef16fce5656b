"""`sandbox up` takes its flags to the sandbox; `sandbox demo` shows a whole migration."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cmkmigrate.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--estate no-such-estate", "no-such-estate"),
        ("--limits fast", "fast"),
        ("--faults no-such-file", "No such file"),
        ("--faults {bad}", "unknown"),
    ],
)
def test_what_it_cannot_start_with(
    words: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('[{"action": "explode"}]')
    assert main(["sandbox", "up", *words.replace("{bad}", "bad.json").split()]) == 64
    shown = capsys.readouterr().err
    assert "Error: the sandbox cannot be started" in shown
    assert why in shown


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SANDBOX_EXCHANGES") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "HOME": str(folder), "TMPDIR": str(folder), "NO_COLOR": "1"}


@pytest.mark.slow
def test_the_demo(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cmkmigrate", "sandbox", "demo", "-o", "json"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=900)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, err[-5000:]
    body = json.loads(out)
    assert body["ok"]
    assert [one["exit_code"] for one in body["commands"]] == [3, 0, -9, 0, 3, 3, 0]
    for count in body["counts"]:
        assert sum(count[name] for name in ("migrated", "excluded", "unsupported", "failed")) == count["source"]
    assert all(one["reason"] for one in body["not_moved"])
    assert Path(body["report"]).is_file()
    verified = body["commands"][5]["output"].splitlines()
    twice = [line for line in verified if line.startswith("+ jobs")]
    assert twice == [], "the kill left nothing twice"
    for one in body["commands"]:
        assert f"$ {one['command']}" in err, "each command is shown before it runs"
