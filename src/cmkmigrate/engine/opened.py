"""The content of what is written: read before, or, where it is too large to be held, while it is written."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cmkmigrate.model import Asset
from cmkmigrate.run.ledger import Ledger

LOOK_S: Final = 5.0  # how old the last look at the lock may be while a large content is on its way


def opened(want: Asset | None, ledger: Ledger) -> Asset | None:
    """With its content in memory, as a read that fails amid a write is taken for a lost write. Of a large one the first
    block, so that nobody waits for the source once the write is noted; the others are read between looks whether the
    run is still ours (LockHeld), as they may take minutes. Raises CallError."""
    if want is None or want.content is None:
        return want
    if want.size < 0:
        blocks = list(want.content())
        return replace(want, content=lambda: iter(blocks))
    anew, content = want.content, want.content()
    begun = [itertools.chain([next(content, b"")], content)]
    return replace(want, content=lambda: _ours(begun.pop() if begun else anew(), ledger))


def _ours(content: Iterator[bytes], ledger: Ledger) -> Iterator[bytes]:
    seen = time.monotonic()
    for block in content:
        if time.monotonic() - seen > LOOK_S:
            ledger.commit()
            seen = time.monotonic()
        yield block
