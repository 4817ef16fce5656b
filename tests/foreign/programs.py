"""Command-line programs of others, each in an environment of its own, pointed at a sandbox by a proxy and a CA file.

A program is found in the folder that its environment variable names, or on the PATH. No setting leads it to the sandbox
but `HTTPS_PROXY` and the CA file (under both names that Python's libraries read), and it speaks to the public cloud's
host names, as it does everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Sandbox

PROGRAM_S = 300
LEADING = ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
SERVICE_PRINCIPAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


def found(name: str, variable: str) -> str:
    """The program's path. Skips the test where it is neither in the folder that `variable` names nor on the PATH."""
    path = shutil.which(name, path=os.environ.get(variable) or None)
    if path is None:
        pytest.skip(f"{name} is not installed: {variable} names the folder that it is in (README.md)")
    return path


class Program:
    """A program at `path` with a home of its own in `folder`, on a sandbox. `own` joins its environment.

    `asked` is what reached the sandbox while it ran.
    """

    def __init__(self, path: str, folder: Path, sandbox: Sandbox, own: Mapping[str, str]) -> None:
        self.path, self.folder, self.sandbox = path, folder, sandbox
        self.asked: list[dict[str, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        leading = {name: sandbox.env[name] for name in LEADING}
        self.env = {**kept, **leading, "HOME": str(folder), **own}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        self.sandbox.forget()
        words = (self.path, *words)
        ran = subprocess.run(
            words, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=PROGRAM_S, check=False
        )
        self.asked += self.sandbox.requests()
        return ran

    @property
    def hosts(self) -> set[str]:
        """The hosts that it asked."""
        return {one["host"] for one in self.asked}

    def unanswered(self, *known: str) -> list[str]:
        """What it asked and did not find or was not allowed, but for what has one of `known` at its end."""
        lost = [one for one in self.asked if one["status"] in (403, 404, 405) or one["status"] >= 500]
        asked = {f"{one['method']} {one['host']}{one['path']} {one['status']}" for one in lost}
        return sorted(one for one in asked if not one.endswith(known))


def ended(result: subprocess.CompletedProcess[str]) -> str:
    """How a program ended, for a message."""
    return f"{result.args[1:]!r}: {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
