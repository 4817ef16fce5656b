"""A ledger in a folder: who may read and write it, what a kill while it is made leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.errors import Fatal
from cmkmigrate.run import disk, schema
from cmkmigrate.run.ledger import Ledger


@pytest.fixture
def on_disk(tmp_path: Path) -> Ledger:
    return Ledger.create(tmp_path / "on-disk" / "run", {"run": "r1"})


def refused(path: Path, call: Callable[[Any], Any] = Ledger.open) -> Fatal:
    with pytest.raises(Fatal) as caught:
        call(path)
    return caught.value


def test_every_connection_is_durable_and_erases(on_disk: Ledger) -> None:
    with on_disk.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    assert "not empty" in refused(tmp_path, lambda path: Ledger.create(path, {})).what
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("left", [(), (b"",), (b"SQLite format 3", b"")])
def test_what_a_kill_left_of_the_making_of_a_ledger_is_no_run(left: tuple[bytes, ...], tmp_path: Path) -> None:
    for content, end in zip(left, ("", "-wal"), strict=False):
        (tmp_path / f"{disk.NEW}{end}").write_bytes(content)
    assert refused(tmp_path).what == "there is no run here"
    assert Ledger.create(tmp_path, {"run": "r1"}).meta()["run"] == "r1"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(disk.NEW)] == []


def test_a_kill_while_a_ledger_is_made_leaves_no_half_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for place, name in ((schema.metadata, "create_all"), (Path, "rename")):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(place, name, killed)
            Ledger.create(tmp_path, {"run": "r1"})
        assert refused(tmp_path).what == "there is no run here"
    assert Ledger.create(tmp_path, {"run": "r1"}).unfinished()


def test_an_empty_folder_that_exists_is_taken(tmp_path: Path) -> None:
    assert Ledger.create(tmp_path, {"run": "r1"}).unfinished()


@pytest.mark.parametrize("bits", [0o770, 0o702, 0o777])
def test_a_folder_that_others_can_write_to_is_refused(bits: int, on_disk: Ledger, tmp_path: Path) -> None:
    on_disk.directory.chmod(bits)
    error = refused(on_disk.directory)
    assert error.what == "others can write to the run directory"
    assert error.next == f"chmod 700 {on_disk.directory}"
    on_disk.directory.chmod(0o750)
    assert Ledger.open(on_disk.directory).meta()["run"] == "r1"
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(bits)
    assert "others can write" in refused(tmp_path / "shared", lambda path: Ledger.create(path, {})).what
