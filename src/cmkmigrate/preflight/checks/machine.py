"""PF26 and PF30: this machine: disk, clock, pace, and the run's own folder and locks."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, warned

_LEAST_MB: Final = 200  # a ledger of 100,000 objects is about 100 MB, and SQLite doubles it while it checkpoints
_SKEW_S: Final = 300.0  # Entra's tokens are refused by services beyond five minutes
_SYNCED: Final = ("onedrive", "dropbox", "google drive", "icloud")


def budget(ground: Ground) -> Iterable[Seen]:
    """PF26."""
    free = shutil.disk_usage(_there(ground.directory)).free // 1_000_000
    text = f"{free:,} MB are free for the run directory"
    seen = [
        passed(text)
        if free >= _LEAST_MB
        else failed(f"only {text}", f"at least {_LEAST_MB} MB, or --run DIR elsewhere")
    ]
    if ground.source_id:
        skew = ground.site.clock() - ground.now
        text = f"this clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} Azure's"
        seen.append(passed(text) if abs(skew) < _SKEW_S else failed(text, "set the clock: timedatectl set-ntp true"))
    seen.append(passed("the source is called at a third of its documented limits, the target at the whole"))
    return seen


def private(ground: Ground) -> Iterable[Seen]:
    """PF30. The locks are taken when the run begins; who holds them now is told by `status`."""
    return list(_private(ground.directory))


def _private(directory: Path) -> Iterator[Seen]:
    at = _there(directory)
    mode = at.stat()
    if at == directory and (stat.S_IMODE(mode.st_mode) & 0o022 or mode.st_uid != os.geteuid()):
        yield failed(f"others can write to {directory}", f"chmod 700 {directory}")
    elif not os.access(at, os.W_OK):
        yield failed(f"{at} cannot be written to", "--run DIR elsewhere")
    else:
        yield passed(f"{directory} is the owner's alone, or will be")
    folders = [directory, *directory.absolute().parents]
    if any((one / ".git").exists() for one in folders):
        yield warned(
            f"{directory} is inside a Git checkout: a run holds names of your workspace", "--run DIR elsewhere"
        )
    if any(word in str(directory.absolute()).lower() for word in _SYNCED):
        yield warned(
            f"{directory} is in a folder that is synchronised: its database would be damaged", "--run DIR elsewhere"
        )


def _there(directory: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(one for one in (directory, *directory.absolute().parents) if one.is_dir())


CHECKS = (
    Check("PF26", "Rate budget, disk space, clock", budget),
    Check("PF30", "Run directory private", private),
)
