"""A run of pytest ends as the evidence says: seen on runs of one test that writes an exchange of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence import definitions

ROOT = Path(__file__).resolve().parents[2]
TEST = """
from cmkmigrate.sandbox import exchanges
from cmkmigrate.sandbox.wire import Request, json_response

def test_it():
    asked = Request("GET", "adb-1.1.azuredatabricks.test", "/api/2.0/instance-pools/list", "", {AGENT})
    told = json_response({"instance_pools": [{POOL}]})
    written = exchanges.opened()
    written.note(asked, told)
    written.note(asked, told)
"""
POOL = '"instance_pool_id": "p", "instance_pool_name": "n", "node_type_id": "t"'


def run(folder: Path, pool: str, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, with the plugin that all tests here have."""
    (folder / "pytest.ini").write_text('[pytest]\naddopts = -m "not real"\ntestpaths = .\nmarkers =\n  real: r\n')
    text = TEST.replace("{AGENT}", '{"user-agent": "cmkmigrate/0"}').replace("{POOL}", "{" + pool + "}")
    (folder / "test_one.py").write_text(text)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SANDBOX_", "PYTEST_"))}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", "pytest.ini", "--color=no", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["in one process", "by workers"])
def test_a_planted_violation_fails_a_run_of_passing_tests(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = run(tmp_path, f'{POOL}, "colour": "red"', "test_one.py", *words)
    assert "1 passed" in ended.stdout and ended.returncode == 1, ended.stdout + ended.stderr
    assert "2 requests and 2 answers of 1 operations judged: 2 not as defined" in ended.stdout
    assert "FAILED GET /api/2.0/instance-pools/list: answer: name: instance_pools[].colour: unknown" in ended.stdout
    assert len(list((tmp_path / ".pytest_cache" / "d" / "evidence").glob("*.jsonl"))) == 1


def test_a_run_of_some_tests_does_not_ask_for_all_exceptions(tmp_path: Path) -> None:
    ended = run(tmp_path, POOL, "test_one.py")
    assert ended.returncode == 0 and "2 answers of 1 operations judged: 0 not as defined" in ended.stdout, ended.stdout
    assert "not needed any more" not in ended.stdout


@pytest.mark.skipif(not definitions.present(), reason=definitions.ABSENT)
def test_a_run_of_everything_asks_for_all_exceptions(tmp_path: Path) -> None:
    ended = run(tmp_path, POOL)
    assert ended.returncode == 1 and "FAILED not needed any more" in ended.stdout, ended.stdout
    assert "FAILED nothing of Vault was judged" in ended.stdout


def test_a_run_without_exchanges_says_nothing(tmp_path: Path) -> None:
    ended = run(tmp_path, POOL, "--collect-only")
    assert ended.returncode == 0 and "evidence" not in ended.stdout, ended.stdout
