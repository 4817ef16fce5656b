"""Transcripts: a command, what it says, and its exit code.

    $ cmkmigrate plan typo.yaml
    ! Error: unknown key 'stepz'
    !   object: typo.yaml:3
    = 64

`!` is a line of standard error and `>` one of standard output, as a pattern (`*` stands for anything). They must come
in this order; other lines may stand between them. Any run of spaces is one.
"""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import sys
import time
from fnmatch import translate
from pathlib import Path
from re import fullmatch

from tests.harness import Commands, Result


class Terminal:
    """Types commands in a folder of its own."""

    def __init__(self, commands: Commands) -> None:
        self.commands, self.folder = commands, commands.work

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, line: str, **env: str) -> Result:
        """Type a command (without `cmkmigrate`). No command ever shows a traceback."""
        result = self.commands(*shlex.split(line), **env)
        assert "Traceback" not in result.err, result
        return result

    def play(self, text: str, **env: str) -> Result:
        """Type what a transcript types, and compare. Gives the last result."""
        result: Result | None = None
        wanted: dict[str, list[str]] = {"!": [], ">": []}
        for line in text.strip().splitlines():
            mark, _, rest = line.strip().partition(" ")
            if mark == "$":
                wanted = {"!": [], ">": []}
                result = self(rest.removeprefix("cmkmigrate").strip(), **env)
            elif mark == "=":
                assert result is not None
                assert result.code == int(rest), result
                for stream, patterns in ((result.err, wanted["!"]), (result.out, wanted[">"])):
                    _in_order(stream, patterns, result)
            else:
                wanted[mark].append(rest.strip())
        assert result is not None
        return result

    def typed(self, line: str, *answers: str, seconds: float = 300.0) -> tuple[int, str]:
        """Run a command on a real terminal; whenever it waits, give the next answer. Exit code and all it showed."""
        here, there = pty.openpty()
        root = str(Path(__file__).resolve().parents[2] / "src")
        process = subprocess.Popen(
            [sys.executable, "-m", "cmkmigrate", *shlex.split(line)],
            cwd=self.folder,
            env=self.commands.env | {"PYTHONPATH": root, "TERM": "dumb"},
            stdin=there,
            stdout=there,
            stderr=there,
            close_fds=True,
        )
        os.close(there)
        shown, until, left = b"", time.monotonic() + seconds, list(answers)
        try:
            while time.monotonic() < until:
                if select.select([here], [], [], 0.1)[0]:
                    try:
                        chunk = os.read(here, 65536)
                    except OSError:  # the other end is closed
                        break
                    shown += chunk
                elif left and shown.rstrip(b"\r\n").endswith(b": "):
                    os.write(here, f"{left.pop(0)}\n".encode())
                    shown += b"\n"
                elif process.poll() is not None:
                    break
            return process.wait(60), shown.decode(errors="replace")
        finally:
            process.kill()
            process.wait()
            os.close(here)


def _in_order(stream: str, patterns: list[str], result: Result) -> None:
    lines = [" ".join(line.split()) for line in stream.splitlines()]
    at = 0
    for pattern in patterns:
        rule = translate(pattern.replace("[", "[[]"))
        while at < len(lines) and not fullmatch(rule, lines[at]):
            at += 1
        assert at < len(lines), f"no line like {pattern!r} in\n{result}"
        at += 1
