"""`cmkmigrate sandbox demo`: a whole migration in front of the reader, typed as a user would type it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from cmkmigrate.errors import OperatorError
from cmkmigrate.render.text import json_document

ESTATE: Final = "small"
READY_S: Final = 60.0
TIMEOUT_S: Final = "5"
KILLED: Final = -signal.SIGKILL
MINE: Final = ("AZURE_", "ARM_", "DATABRICKS_", "CMKMIGRATE_")  # variables that would lead to somebody's real cloud
# The process is killed after the third job was made: the job exists, and nothing of that is in the ledger.
KILL: Final = {"match": {"method": "POST", "path": "/api/2.*/jobs/create"}, "offset": 2, "action": "kill_after"}


@dataclass(frozen=True, slots=True)
class Act:
    """One command of the demo, what it is for, and the exit code that it should end with."""

    words: tuple[str, ...]
    about: str
    expected: int
    killed: bool = False

    @property
    def line(self) -> str:
        """What a user would type."""
        return shlex.join(("cmkmigrate", *self.words))


ACTS: Final = (
    Act(("audit",), "Whose key is the data under? It ends with 3: none of the three features is under ours.", 3),
    Act(("plan", "cmk-migration", "--params", "params.yaml"), "What would be done? Nothing is written.", 0),
    Act(
        ("apply", "cmk-migration", "--params", "params.yaml", "--run", "run", "--auto-approve"),
        "Do it. We kill it with SIGKILL while it makes jobs, right after a request whose answer it never sees.",
        KILLED,
        killed=True,
    ),
    Act(("status", "run"), "Where does it stand? A write without a known result is said to be one.", 0),
    Act(("resume", "run"), "Go on. It ends with 3: some things of this workspace cannot be moved, on purpose.", 3),
    Act(
        ("verify", "run", "--depth", "content"),
        "Read both workspaces anew, compare. Ends with 3 for the same things.",
        3,
    ),
    Act(("report", "run", "--out", "report.html"), "Keep the proof.", 0),
)


@dataclass(slots=True)
class Played:
    """What one command of the demo did. output is kept only for the JSON document."""

    command: str
    about: str
    expected: int
    exit_code: int
    seconds: float
    output: str = ""

    @property
    def good(self) -> bool:
        """Whether it returned what it should."""
        return self.exit_code == self.expected


def show(*, as_json: bool) -> int:
    """Play it; 0 when every command returned what it should, else 1. Raises OperatorError when there is no sandbox."""
    folder = Path(tempfile.mkdtemp(prefix="cmkmigrate-demo-"))
    began = time.monotonic()
    played: list[Played] = []
    with sandbox(folder, partial(_say, as_json=as_json)) as environment:
        for act in ACTS:
            played.append(_play(act, folder, environment, as_json))
    return _end(folder, played, time.monotonic() - began, as_json)


@contextmanager
def sandbox(folder: Path, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own; gives the environment of a user who points the tool at it.

    say: is told what a user would type for that. Raises OperatorError when there is no sandbox.
    """
    words = ("--estate", ESTATE, "--env-file", "sandbox.env", "--params-file", "params.yaml", "--log", "requests.jsonl")
    say(f"Everything below happens on this machine, in {folder}")
    say(f"\n$ {shlex.join(('cmkmigrate', 'sandbox', 'up', *words))} &")
    with (folder / "sandbox.out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cmkmigrate.sandbox", *words], cwd=folder, env=_own(), stdout=out, stderr=out
        )
    try:
        _wait(process, folder)
        say("$ . ./sandbox.env")
        say(f"$ export CMKMIGRATE_TIMEOUT_S={TIMEOUT_S}   # `resume` waits as long as a request may last")
        own = {"XDG_STATE_HOME": str(folder / "state"), "CMKMIGRATE_TIMEOUT_S": TIMEOUT_S}
        yield _own() | _variables(folder / "sandbox.env") | own
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + READY_S
    while not (folder / "sandbox.env").exists():
        if process.poll() is not None or time.monotonic() > until:
            said = (folder / "sandbox.out").read_text("utf-8", errors="replace").strip().splitlines()
            raise OperatorError(
                "the sandbox did not start", subject=str(folder), why=said[-1] if said else "it said nothing"
            )
        time.sleep(0.05)


def _own() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(MINE)}
    if "PYTHONPATH" in own:  # the commands run in another folder
        own["PYTHONPATH"] = os.pathsep.join(
            os.path.abspath(path) for path in own["PYTHONPATH"].split(os.pathsep) if path
        )
    return own


def _variables(file: Path) -> dict[str, str]:
    """The `export NAME=VALUE` lines of an env file."""
    words = [word for line in file.read_text("utf-8").splitlines() for word in shlex.split(line)[1:]]
    return dict(word.split("=", 1) for word in words)


def _play(act: Act, folder: Path, environment: Mapping[str, str], as_json: bool) -> Played:
    _say(f"\n# {act.about}\n$ {act.line}", as_json)
    began = time.monotonic()
    with (folder / "output").open("w+b") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cmkmigrate", *act.words],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out if as_json else None,
        )
        try:
            if act.killed:
                _put_faults(environment, [{**KILL, "pid": process.pid}])
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if act.killed:
            _put_faults(environment, [])
            if sys.stderr.isatty():
                print("\x1b[?25h", file=sys.stderr)  # the bars of a killed process leave the cursor hidden
        out.seek(0)
        text = out.read().decode("utf-8", errors="replace") if as_json else ""
    done = Played(act.line, act.about, act.expected, code, round(time.monotonic() - began, 2), text)
    said = "killed" if code == KILLED else f"exit code {code}"
    _say(f"[{said}{'' if done.good else f', and {act.expected} was expected'}; {done.seconds:.1f} s]", as_json)
    return done


def _put_faults(environment: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> None:
    """Tell the sandbox what shall go wrong from now on."""
    url = f"{environment['HTTPS_PROXY']}/_sandbox/faults"
    request = urllib.request.Request(
        url, json.dumps(rules).encode(), {"Content-Type": "application/json"}, method="PUT"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the front itself, not through a proxy
    with opener.open(request, timeout=10) as answer:
        answer.read()


def _end(folder: Path, played: Sequence[Played], seconds: float, as_json: bool) -> int:
    """What was moved, what was not and why, and where the report lies."""
    from cmkmigrate.engine.reckon import problems, reckon
    from cmkmigrate.render import result
    from cmkmigrate.run.ledger import Ledger

    (folder / "output").unlink(missing_ok=True)
    good = all(one.good for one in played)
    report = folder / "report.html"
    ledger = Ledger.open(folder / "run")
    counts, left = reckon(ledger), list(problems(ledger))
    ledger.engine.dispose()
    if as_json:
        body = {"type": "demo", "ok": good, "seconds": round(seconds, 1), "folder": str(folder), "report": str(report)}
        commands = [{**asdict(one), "ok": one.good} for one in played]
        counted = [result.count_dict(count) for count in counts]
        more = {"counts": counted, "not_moved": [result.problem_dict(row) for row in left]}
        print(json_document({**body, "commands": commands, **more}))
        return 0 if good else 1
    print("\n# What was moved")
    for line in result.counts_table(counts):
        print(line)
    print("\n# What was not, and why")
    for line in result.problems_table(left):
        print(line)
    wrong = [one.command for one in played if not one.good]
    ended = f"not what was expected: {'; '.join(wrong)}" if wrong else "every command returned what it should"
    print(f"\nReport: {report}\nDemo: {ended} ({seconds:.0f} s). All of it is in {folder}, which you can delete.")
    return 0 if good else 1


def _say(text: str, as_json: bool) -> None:
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)
