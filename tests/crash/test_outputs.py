"""A disk that is full where a command writes what it was asked for: the file, or standard output. It says so, with the
documented exit code, and leaves no half of a file under its name. `test_full.py` has the ledger.

No room is a limit of the kernel on the length of files (`patches.no_room`), /dev/full, or a file system that is full.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.comparer.compare import compare
from tests.crash.trials import STOPPED
from tests.e2e.conftest import Migration
from tests.harness import Commands, Result, Sandbox, params_of

pytestmark = [pytest.mark.ci]
FILES = {
    "plan --out": ("plan", "cmk-migration", "--params", "PARAMS", "--out", "FILE.cmkplan"),
    "plan --asks": ("plan", "cmk-migration", "--params", "PARAMS", "--asks", "FILE.csv"),
    "report": ("report", "RUN", "--out", "FILE.html"),
    "audit": ("audit", "--out", "FILE.txt"),
    "audit of pages": ("audit", "-o", "html", "--out", "FILE.html"),
    "audit as JSON": ("audit", "-o", "json", "--out", "FILE.json"),
    "a policy": ("audit", "--emit-policy", "FILE.json"),
    "assess": ("assess", "--out", "FILE.txt"),
    "assess as CSV": ("assess", "-o", "csv", "--out", "FILE.csv"),
}
SHOWN = {
    "version": ("version",),
    "help": ("plan", "--help"),
    "plan": ("plan", "cmk-migration", "--params", "PARAMS"),
    "plan as lines": ("plan", "cmk-migration", "--params", "PARAMS", "-o", "jsonl"),
    "doctor": ("doctor", "cmk-migration", "--params", "PARAMS"),
    "audit": ("audit", "-o", "csv"),
    "assess": ("assess",),
    "verify": ("verify", "RUN", "--depth", "names"),
    "verify as JSON": ("verify", "RUN", "--depth", "names", "-o", "json"),
    "status": ("status", "RUN"),
    "logs": ("logs", "RUN", "-o", "jsonl"),
    "runs": ("runs", "list"),
}


@pytest.fixture(scope="module")
def place(undisturbed: Migration) -> Callable[..., Result]:
    """Runs a command of a table above on the undisturbed migration, with a file of that name."""

    def run(words: tuple[str, ...], file: str = "", patch: str = "") -> Result:
        names = {"RUN": str(undisturbed.run), "PARAMS": str(undisturbed.params)}
        return undisturbed.commands(*(names.get(word, word).replace("FILE", file) for word in words), patch=patch)

    return run


def told(done: Result, what: str, why: str) -> None:
    assert done.code == STOPPED and "Traceback" not in done.err and "unexpected" not in done.err, done
    for text in (f"Error: {what}", f"why:    {why}", "next:   make room"):
        assert text in done.err, done


@pytest.mark.parametrize("what", FILES)
def test_there_is_a_whole_file_or_none(what: str, undisturbed: Migration, place: Callable[..., Result]) -> None:
    work, name = undisturbed.commands.work, f"of-{'-'.join(what.split())}"
    done = place(FILES[what], name, f"no_room:{name}")
    told(done, "the file cannot be written", "the file may not grow")
    assert f"object: {name}" in done.err, done
    assert [path.name for path in work.iterdir() if name in path.name] == []
    assert place(FILES[what], name).code in (0, 3)
    (file,) = [path for path in work.iterdir() if name in path.name]
    before = file.read_bytes()
    told(place(FILES[what], name, f"no_room:{name}"), "the file cannot be written", "the file may not grow")
    assert file.read_bytes() == before, "what was there stays"
    assert [path for path in work.iterdir() if name in path.name] == [file]


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of two pages, one of them taken."""
    if os.geteuid() or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "none", str(tmp_path)], capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip("takes a right to mount")
    (tmp_path / "taken").write_bytes(b"x" * 4096)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_file_system_that_is_full(tiny: Path, undisturbed: Migration, place: Callable[..., Result]) -> None:
    for words in (FILES["report"], FILES["plan --out"]):
        told(
            place(words, str(tiny / "page")), "the file cannot be written", "the disk is full: No space left on device"
        )
        assert [path.name for path in tiny.iterdir()] == ["taken"]


@pytest.mark.parametrize("what", SHOWN)
def test_what_is_shown_arrives_or_it_is_said(what: str, place: Callable[..., Result]) -> None:
    done = place(SHOWN[what], patch="full_output")
    told(done, "the output cannot be written", "the disk is full: No space left on device")


@pytest.mark.parametrize("what", ["plan", "audit", "status"])
def test_what_is_told_beside_it_is_no_matter_or_ends_it(what: str, place: Callable[..., Result]) -> None:
    """With standard error on a full disk nothing can be said: the exit code does."""
    assert place(SHOWN[what], patch="full_output:0:stderr").code in (0, 3, STOPPED)


@pytest.mark.parametrize("number", [0, 200])
def test_a_run_that_cannot_be_told_is_stopped_in_good_order(
    number: int, undisturbed: Migration, small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """`-o jsonl` for a program that reads along: what it cannot be told is not done without it."""
    place, name = commands(small, "untold"), f"untold-{number}"
    params = params_of(small, place.folder / "p.yaml", target_name=name, vault_name=f"kv-{name}")
    run = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", "-o", "jsonl")
    done = place(*words, patch=f"full_output:{number}")
    told(done, "standard output cannot be written", "the disk is full: No space left on device")
    assert f"cmkmigrate resume {run}" in done.err, done
    resumed = place("resume", run, "-o", "json", CMKMIGRATE_TIMEOUT_S="1")
    assert resumed.code == undisturbed.apply.code, resumed
    left_out = [(one["kind"], one["key"]) for one in resumed.json["problems"]]
    source, target = small.source_host, small.host_of(name)
    exports = small.exports(source, target)
    states = small.state(source), small.state(target)
    assert compare(*states, left_out=left_out, operator=small.operator, exports=exports) == []


def test_progress_that_cannot_be_told_stops_nothing(
    undisturbed: Migration, small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    place = commands(small, "unseen")
    params = params_of(small, place.folder / "p.yaml", target_name="unseen", vault_name="kv-unseen")
    run = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", "-o", "json")
    done = place(*words, patch="full_output:0:stderr")
    assert place("status", run, "-o", "json").json["finished"], done
    assert done.code in (undisturbed.apply.code, STOPPED), done


def test_a_device_is_not_replaced(undisturbed: Migration, place: Callable[..., Result]) -> None:
    """The same as root, who may: `--out /dev/stdout` would leave a file there."""
    pipe = undisturbed.commands.work / "pipe"
    os.mkfifo(pipe)
    done = place(("report", "RUN", "--out", str(pipe)))
    assert done.code == 64 and "a device or a pipe" in done.err and "name another file" in done.err, done
    assert pipe.is_fifo()
    assert place(("report", "RUN", "--out", ".")).code == 64


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_streams_that_are_closed(closed: str, undisturbed: Migration) -> None:
    """No file of a run gets the number of one of them, and with it what is said there."""
    place = undisturbed.commands
    line = f'exec "$@" {closed}'
    words = ["sh", "-c", line, "sh", sys.executable, "-m", "cmkmigrate", "status", str(undisturbed.run)]
    done = subprocess.run(words, env=place.env, cwd=place.work, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done
