"""A file that is written all at once, and what keeps one from being written, in words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

# What room, or a mended disk, puts right: errno(3). The same command again is then what helps.
FULL: Final[Mapping[int, str]] = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota is used up",
    errno.EFBIG: "the file may not grow",  # a limit of the process, or of the file system
    errno.EIO: "the disk does not do as it is told",
}


def write_whole(path: Path, text: str, errors: str = "strict") -> None:
    """Write a file beside its name, readable by its owner alone, and put it there once it is on disk. errors: what
    becomes of text that UTF-8 cannot say.

    Raises OSError; then nothing of it is left, and what was there before stays. A device or a pipe is not replaced.
    """
    if not path.name or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe, and no file", str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors=errors) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def why(error: OSError) -> str:
    """What the system says of a file, for people."""
    said = error.strerror or str(error)
    full = FULL.get(error.errno or 0)
    return f"{full}: {said}" if full else said
