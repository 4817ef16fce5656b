"""The files of the project, as the house tests see them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SRC: Final = ROOT / "src" / "cmkmigrate"
DATA: Final = SRC / "sandbox" / "estates"  # made-up workspaces: what is in them is data, not text of the project
LEFT_OUT: Final = {".git", ".venv", "venv", "build", "dist", "__pycache__", "node_modules"}


def files(root: Path = ROOT) -> Iterator[Path]:
    """What is or will be in the repository: tracked, or new and not ignored; without git, everything on disk."""
    listing = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, capture_output=True, check=False) if (root / ".git").exists() else None
    if found is not None and found.returncode == 0:
        paths = [root / name for name in found.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in root.rglob("*") if not LEFT_OUT & set(path.relative_to(root).parts)]
    yield from (path for path in sorted(paths) if path.is_file())


def text(path: Path) -> str | None:
    """The text of a file; None where it has none (a picture, an archive)."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def run(command: Sequence[str], root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A tool that is installed beside this Python, on the code below `root`; its output in one piece."""
    tool = Path(sys.executable).with_name(command[0])
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    environment.pop("MYPYPATH", None)
    return subprocess.run(
        [str(tool), *command[1:]],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
