"""PF26 and PF30: this machine: disk, clock, pace, and the run's own folder and locks."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, taken, warned

_LEAST_MB: Final = 200  # a ledger of 100,000 objects is about 100 MB, and SQLite doubles it while it checkpoints
_SKEW_S: Final = 300.0  # Entra's tokens are refused by services beyond five minutes
_SYNCED: Final = ("onedrive", "dropbox", "google drive", "icloud")
_ELSEWHERE: Final = "--run DIR elsewhere"


def budget(ground: Ground) -> Iterable[Seen]:
    """PF26."""
    if not ground.shared:
        yield _disk(ground.directory)
    if ground.source_id:
        yield _clock(ground)
    yield from _paces(ground)


def _disk(directory: Path) -> Seen:
    free = shutil.disk_usage(_there(directory)).free // 1_000_000
    text = f"{free:,} MB are free for the run directory"
    enough = free >= _LEAST_MB
    return passed(text) if enough else failed(f"only {text}", advice=f"at least {_LEAST_MB} MB, or {_ELSEWHERE}")


def _clock(ground: Ground) -> Seen:
    asked = time.time()
    skew = ground.site.clock() - asked
    text = f"this clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} Azure's"
    return passed(text) if abs(skew) < _SKEW_S else failed(text, "timedatectl set-ntp true")


def _paces(ground: Ground) -> Iterator[Seen]:
    """The rates that the run keeps to, and what the services have said so far."""
    paces = ground.migration.sites.paces  # type: ignore[attr-defined]
    for side, source, calls in (("source", True, _READS), ("target", False, _WRITES)):
        if not ground.moves:
            break
        rates = [f"{what} {_rate(paces.ceiling(method, path, source=source))}" for what, method, path in calls]
        yield passed(f"the {side} is called at most so often a second: {', '.join(rates)}")
    if refused := sum(one.throttled for one in paces.seen()):
        text = f"{refused} of {sum(one.calls for one in paces.seen())} calls of these checks were refused as too many"
        yield warned(text, advice="others call it too: choose another hour, or CMKMIGRATE_PACE_SOURCE below 1")


def _rate(per_s: float) -> str:
    return f"{per_s:.3g}" if per_s < float("inf") else "without a limit"


# What most calls of a move are.
_READS: Final = (
    ("exports", "GET", "/api/2.0/workspace/export"),
    ("ACLs", "GET", "/api/2.0/permissions/jobs/1"),
    ("secrets", "GET", "/api/2.0/secrets/get"),
)
_WRITES: Final = (
    ("imports", "POST", "/api/2.0/workspace/import"),
    ("ACLs", "PUT", "/api/2.0/permissions/jobs/1"),
    ("secrets", "POST", "/api/2.0/secrets/put"),
)


def private(ground: Ground) -> Iterable[Seen]:
    """PF30. Nothing is locked by looking."""
    yield from [passed("the run is in the shared state")] if ground.shared else _private(ground.directory)
    if ground.held:
        text = f"{ground.held} is at work on this run"
        yield taken(text, f"cmkmigrate status {shlex.quote(str(ground.directory))}", "wait until it ends")
    elif ground.run:
        yield passed("nobody is at work on this run")


def _private(directory: Path) -> Iterator[Seen]:
    at = _there(directory)
    mode = at.stat()
    quoted = shlex.quote(str(directory))
    if at == directory and mode.st_uid != os.geteuid():
        yield failed(f"{directory} is somebody else's", advice=_ELSEWHERE)
    elif at == directory and stat.S_IMODE(mode.st_mode) & 0o022:
        yield failed(f"others can write to {directory}", f"chmod 700 {quoted}")
    elif not os.access(at, os.W_OK | os.X_OK):
        yield failed(f"{at} cannot be written to", advice=_ELSEWHERE)
    else:
        yield passed(f"{directory} is the owner's alone, or will be")
    if any((one / ".git").exists() for one in (directory, *directory.absolute().parents)):
        yield warned(f"{directory} is inside a Git checkout: a run holds names of your workspace", advice=_ELSEWHERE)
    if any(word in str(directory.absolute()).lower() for word in _SYNCED):
        yield warned(f"{directory} is in a folder that is synchronised, which damages databases", advice=_ELSEWHERE)


def _there(directory: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(one for one in (directory, *directory.absolute().parents) if one.is_dir())


CHECKS = (
    Check("PF26", "Rate budget, disk space, clock", budget),
    Check("PF30", "Run directory private, nobody at work on it", private),
)
