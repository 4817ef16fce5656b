"""What our own runs did, and what the audit says of it: the two agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.estate import FEATURES
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox


@pytest.mark.slow
def test_in_place_ends_in_an_audit_that_agrees(launcher: Launcher, tmp_path: Path) -> None:
    """All three features on; older data of managed services is not under the key, and only the run tells that."""
    box = Sandbox(tmp_path / "sandbox", "generate:5", grant_delay=0.2)
    try:
        terminal = Terminal(Commands(launcher, tmp_path, box.env))
        name = "generated-5"
        before = terminal("audit -o json").json
        assert {row["verdict"] for row in before["rows"]} == {"platform-key"}
        gates = f"--confirm services={name} --confirm disks={name}"
        given = f"-p workspace={box.params['source']} -p vault_name=kv-after"
        done = terminal(f"apply enable-in-place {given} --run runs/x --auto-approve {gates}")
        assert done.code == 0, done
        after = {row["feature"]: row for row in terminal("audit --runs runs -o json").json["rows"]}
        found = [after[feature]["verdict"] for feature in FEATURES]
        assert found == ["cmk-future-writes-only", "cmk", "cmk"], after
        assert "runs/x" in after["managed_services"]["reason"]
        alone = {row["feature"]: row for row in terminal("audit -o json").json["rows"]}
        assert alone["managed_services"]["verdict"] == "unknown", "without the run nobody tells since when"
    finally:
        box.close()
