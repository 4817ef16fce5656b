"""The root command: usage, exit codes, and that no error is ever a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate import __version__
from cmkmigrate.cli import audit, entry, main, plan
from cmkmigrate.clients import trace
from cmkmigrate.errors import CallError, Denied, OperatorError

ROOT = Path(__file__).resolve().parents[2]
# Not among them: pydantic, which newer versions of typer import by themselves.
HEAVY = ("sqlalchemy", "rich", "jinja2", "yaml", "azure", "databricks", "requests", "cryptography", "uvicorn")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("plann", "Error: No such command 'plann'"),
        ("plan", "Error: Missing argument"),
        ("plan x --no-such", "Error: No such option"),
        ("apply x --parallelism many", "Error: Invalid value for '--parallelism'"),
        ("apply x --parallelism 0", "Error: Invalid value for '--parallelism'"),
        ("sandbox down", "Error: No such command 'down'"),
        ("help nothing", "Error: there is no command 'nothing'"),
    ],
)
def test_a_mistake_in_the_command_is_64(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 64
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(said)
    assert "next:" in shown.err


def test_the_bare_command_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert bare.count("cmkmigrate ") >= 4
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["version"]):
        assert main(words) == 0
        assert capsys.readouterr().out == f"cmkmigrate {__version__}\n"


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        "plan",
        "apply",
        "resume",
        "status",
        "verify",
        "report",
        "audit",
        "unlock",
        "sandbox up",
        "sandbox demo",
    ):
        assert main([*words.split(), "--help"]) == 0
        shown = capsys.readouterr().out
        assert main(["help", *words.split()]) == 0
        assert capsys.readouterr().out == shown


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `plan` end with an error."""

    def fail(name: str) -> Any:
        raise error

    monkeypatch.setattr(plan.common, "load_playbook", fail)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OperatorError("w", subject="s", why="y", next="n"), 1, "Error: w\n  object: s\n  why:    y\n  next:   n\n"),
        (CallError("gone", status=500), 1, "Error: a request failed\n  why:    500: gone\n"),
        (Denied("no", status=403), 4, "Error: a request failed\n  why:    403: no\n"),
        (ZeroDivisionError("by zero"), 1, "Error: unexpected: ZeroDivisionError: by zero\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_messages(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, error)
    assert main(["plan", "x"]) == code
    assert capsys.readouterr().err.startswith(said)


def test_debug_shows_where_from(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, ZeroDivisionError("by zero, with password='of somebody'"))
    assert main(["plan", "x", "--debug"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Traceback"), said
    assert "ZeroDivisionError: by zero, with password='(hidden)'" in said


def test_debug_shows_each_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def load_playbook(name: str) -> Any:
        trace.answered("GET", "https://host.test/a\x1b[2J?name=VALUE", 200, {"x-ms-request-id": "7"})
        raise OperatorError("enough")

    monkeypatch.setattr(plan.common, "load_playbook", load_playbook)
    for words, shown in ((["plan", "x", "--debug"], True), (["plan", "x"], False)):
        assert main(words) == 1
        lines = capsys.readouterr().err.splitlines()
        assert ("HTTP GET https://host.test/a\\x1b[2J?name 200 x-ms-request-id=7" in lines) is shown, lines


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    """Though the shell allows for one."""
    code = "import os, resource; from cmkmigrate.cli import entry; limit = resource.RLIMIT_CORE\n"
    code += "with entry._process(): print(*resource.getrlimit(limit), flush=True); os.abort()"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=60)
    assert int(out.split()[0]) in (0, 1) and process.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []


def test_names_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, OperatorError("a\x1b[2Jb", subject="c\nError: d"))
    assert main(["plan", "x"]) == 1
    assert capsys.readouterr().err == "Error: a\\x1b[2Jb\n  object: c Error: d\n"


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["version"], ["help", "exit-codes"]])
def test_nothing_heavy_is_imported_before_a_command_runs(words: list[str]) -> None:
    code = (
        "import sys; from cmkmigrate.cli import main; main(sys.argv[1:]);"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]; sys.exit(f'imported: {{found}}' if found else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_the_list_of_exit_codes_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "exit-codes"]) == 0
    codes = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert codes == [0, 1, 2, 3, 4, 5, 6, 7, 11, 64, 130]
    assert {plan.CHANGES, audit.FINDINGS, entry.USAGE, entry.INTERRUPTED} <= set(codes)


AMID = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began the tests in the background ignores it
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                raise ImportError("circular import") from None  # what an import makes of it, now and then
sys.meta_path.insert(0, Interrupting())
from cmkmigrate.cli import main
sys.exit(main(["status", "nowhere"]))
"""


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [("typer", -signal.SIGINT, ""), ("cmkmigrate.run.ledger", 130, "Interrupted.\n"), ("nothing", 64, "Error: ")],
)
def test_ctrl_c_amid_an_import(module: str, code: int, said: str, tmp_path: Path) -> None:
    """While the command line itself is imported, and while a command imports what it needs."""
    result = subprocess.run(
        [sys.executable, "-c", AMID, module],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "", "HOME": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result
    assert result.stderr.startswith(said) and "Traceback" not in result.stderr
