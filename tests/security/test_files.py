"""What a command writes is its owner's alone, whatever the umask; what others planted or own is not used."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cmkmigrate.errors import Fatal
from cmkmigrate.run.ledger import Ledger
from tests.harness import Commands, Sandbox, params_of

NOBODY = 65534


@pytest.mark.ci
def test_files_are_0600_and_folders_0700(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    """Every command that writes a file, with a umask that forbids nothing; one is killed, and its files stay."""
    place = commands(small, "files")
    params = str(params_of(small, place.folder / "p.yaml", target_name="files", vault_name="kv-files"))
    before = set(place.folder.rglob("*"))
    run = str(place.folder / "deep" / "er" / "run")
    words = ("apply", "cmk-migration", "--params", params, "--run", run, "--auto-approve")
    started = place.start(*words, patch="umask:0")
    match = {"path": "/api/2.0/secrets/put", "method": "POST"}
    small.faults({"match": match, "offset": 2, "action": "kill_after", "pid": started[0]})
    assert place.finish(started).code == -9
    small.faults()
    for more in (
        ("resume", run),
        ("plan", "cmk-migration", "--params", params, "--out", "a.cmkplan"),
        ("verify", run),
        ("report", run, "--out", "report.html"),
        ("audit", "-o", "json", "--out", "audit.json"),
        ("assess", "--out", "assess.txt"),
    ):
        done = place(*more, patch="umask:0", CMKMIGRATE_TIMEOUT_S="1")
        assert done.code in (0, 3), done
    made = [path for path in set(place.folder.rglob("*")) - before if "streams" not in path.parts]
    assert {"ledger.db", "a.cmkplan", "report.html", "audit.json", "assess.txt"} <= {path.name for path in made}
    modes = {str(path.relative_to(place.folder)): stat.S_IMODE(path.lstat().st_mode) for path in made}
    wrong = {name: oct(mode) for name, mode in modes.items() if mode not in (0o600, 0o700)}
    assert wrong == {}
    assert [path for path in made if path.is_file() and stat.S_IMODE(path.stat().st_mode) != 0o600] == []


def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    from cmkmigrate.cli.common import write_private
    from cmkmigrate.errors import Mistake

    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / "out").symlink_to(victim)
    write_private(tmp_path / "out", "new")
    assert victim.read_text() == "kept" and not (tmp_path / "out").is_symlink()
    (tmp_path / f".out.{os.getpid()}").symlink_to(victim)  # where the draft goes
    with pytest.raises(Mistake):
        write_private(tmp_path / "out", "newer")
    assert victim.read_text() == "kept" and (tmp_path / "out").read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="takes two users")
@pytest.mark.parametrize("what", ["folder", "link", "run"])
def test_what_somebody_else_planted_is_refused(what: str, tmp_path: Path) -> None:
    mine, there = tmp_path / "mine", tmp_path / "run"
    if what == "link":  # it leads into a folder of one's own, where it may do harm
        mine.mkdir(mode=0o700)
        there.symlink_to(mine)
    elif what == "run":
        Ledger.create(there, {"pass": "1"}).engine.dispose()
    else:
        there.mkdir(mode=0o700)
    os.chown(there, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(Fatal, match="others can write"):
        if what == "run":
            Ledger.open(there)
        else:
            Ledger.create(there, {"pass": "1"})
    assert list(mine.iterdir() if mine.exists() else []) == []
