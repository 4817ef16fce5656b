"""`state repair`: what it refuses, without a cloud."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from cmkmigrate.cli.entry import main
from cmkmigrate.run import schema
from cmkmigrate.run.ledger import FILE, Ledger


@pytest.fixture
def run(tmp_path: Path) -> Path:
    Ledger.create(
        tmp_path / "run", {"run": "r1", "playbook": "", "playbook_path": "p", "params": "{}"}
    ).engine.dispose()
    return tmp_path / "run"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["state", "repair", *words])
    return code, capsys.readouterr().err


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoil(run: Path) -> None:
    data = (run / FILE).read_bytes()
    (run / FILE).write_bytes(data.replace(b"playbook_path", b"playbook_bath", 1))


def test_a_whole_ledger_is_left_alone(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(run)
    code, err = said(capsys, str(run), "--auto-approve")
    assert code == 7 and "nothing to repair" in err and "--old-copy" in err
    assert files(run) == before


def test_nobody_knows_what_it_is_of(run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    spoil(run)
    before = files(run)
    for folder in (run, tmp_path / "nowhere"):
        code, err = said(capsys, str(folder), "--auto-approve")
        assert code == 7 and "nobody knows what this run is of" in err and "--playbook PLAYBOOK --params FILE" in err
    assert files(run) == before and not (tmp_path / "nowhere").exists()


def test_a_ledger_of_a_newer_tool(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger.open(run)
    with ledger.locked("me"):
        ledger.set_meta("schema_version", str(schema.SCHEMA_VERSION + 1))
    ledger.engine.dispose()
    code, err = said(capsys, str(run), "--old-copy", "--auto-approve")
    assert code == 7 and "a newer cmkmigrate wrote this run" in err


def test_a_run_in_the_shared_state(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMKMIGRATE_STATE", "postgresql://nobody@localhost/nothing")
    code, err = said(capsys, "some-run", "--auto-approve")
    assert code == 64 and "only a run in a folder" in err


def test_while_somebody_is_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cmkmigrate.cli import state
    from cmkmigrate.errors import LockHeld
    from cmkmigrate.run import locks
    from cmkmigrate.run.salvage import Salvage

    row = {"one": 1, "token": 3, "holder": "ann", "host": locks.here(False), "pid": os.getppid(), "beat": time.time()}
    with pytest.raises(LockHeld, match="at work"):
        state._free(Salvage({"lock": [row]}))
    state._free(Salvage({"lock": [row | {"pid": 0}]}))


def test_the_old_files_are_kept_for_the_owner_alone(run: Path) -> None:
    from cmkmigrate.run import salvage

    spoil(run)
    aside = salvage.keep_aside(run)
    assert (aside / FILE).read_bytes() == (run / FILE).read_bytes()
    assert (aside.stat().st_mode & 0o777, (aside / FILE).stat().st_mode & 0o777) == (0o700, 0o600)
    shutil.rmtree(aside)
