"""The product's command line, pointed at two instances of minilake by `HTTPS_PROXY`, a CA file and a profile alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.foreign import deviations, seed
from tests.foreign.front import Front
from tests.foreign.minilake import Minilake

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TARGET = "adb-1.1.azuredatabricks.net", "adb-2.2.azuredatabricks.net"
COMMAND_S = 300


@contextmanager
def two_workspaces(folder: Path) -> Iterator[tuple[Minilake, Minilake]]:
    """The old workspace with the estate, and the new one as the service makes it."""
    folder.mkdir(exist_ok=True)
    source = Minilake(folder / "source", "1")
    try:
        target = Minilake(folder / "target", "2")
        try:
            for one in (source, target):
                seed.principals(one.client)
            seed.estate(source.client)
            yield source, target
        finally:
            target.close()
    finally:
        source.close()


class Product:
    """Commands in `folder`. `sent` is called with each block of bytes that leaves for either workspace, once it has
    left. The playbook is `contents-only` but for the kinds whose listing the fake cannot give; and it takes over what
    is there already, since an account puts its principals into both workspaces."""

    def __init__(
        self, folder: Path, source: Minilake, target: Minilake, sent: Callable[[bytes], None] | None = None
    ) -> None:
        self.folder = folder
        self.front = Front(folder, {SOURCE: source.port, TARGET: target.port}, sent)
        profiles = folder / "profiles"
        profiles.write_text("".join(f"[{name}]\nhost = https://{name}\ntoken = any\n" for name in (SOURCE, TARGET)))
        params = {"source": SOURCE, "target": TARGET}
        lines = [f"{side}: https://{host}\n{side}_profile: {host}\n" for side, host in params.items()]
        (folder / "params.yaml").write_text("".join(lines))
        (folder / "contents-only.yaml").write_text(_playbook())
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
        own = {"HOME": str(folder), "DATABRICKS_CONFIG_FILE": str(profiles), "NO_COLOR": "1"}
        # The fake answers at once and limits nobody: neither is to be waited for.
        self.env = kept | self.front.env | own | {"CMKMIGRATE_PACE": "off", "CMKMIGRATE_TIMEOUT_S": "5"}

    def close(self) -> None:
        self.front.close()

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command with `-o json`."""
        command = [sys.executable, "-m", "cmkmigrate", *words, "-o", "json"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=pipe, stderr=pipe, text=True)

    def finish(self, started: subprocess.Popen[str], *codes: int) -> str:
        """Wait for it; what it wrote. The exit code must be one of `codes`."""
        out, err = started.communicate(timeout=COMMAND_S)
        assert started.returncode in codes, f"{started.args!r}: {started.returncode}\n{out}\n{err}"
        return out

    def apply_words(self) -> tuple[str, ...]:
        return ("apply", "contents-only.yaml", "--params", "params.yaml", "--run", "run", "--auto-approve")

    def apply(self) -> dict[str, Any]:
        """`apply`, which ends with exit 3, as something cannot be moved; what it wrote."""
        written: dict[str, Any] = json.loads(self.finish(self.start(*self.apply_words()), 3))
        return written

    def resume(self) -> dict[str, Any]:
        """`resume` of the run; what it wrote."""
        written: dict[str, Any] = json.loads(self.finish(self.start("resume", "run"), 3))
        return written


def _playbook() -> str:
    text = (ROOT / "playbooks" / "contents-only.yaml").read_text()
    kinds = [kind for kind in _kinds() if kind not in deviations.UNREADABLE]
    assert kinds and deviations.UNREADABLE.keys() <= set(_kinds())
    changed = re.sub(r"^( *)kinds: all$", rf"\1adopt: true\n\1kinds: [{', '.join(kinds)}]", text, flags=re.MULTILINE)
    assert changed != text
    return changed


def _kinds() -> list[str]:
    """Every kind of a workspace, as the reference documentation has them."""
    table = (ROOT / "docs" / "reference" / "kinds.md").read_text().partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
