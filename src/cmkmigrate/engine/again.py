"""A step with `again: true`: each thing is read, written back as it is, read once more, and compared.

Contents are the same afterwards, and that is proven: `kind.proof` before and after, byte for byte, and the vendor's own
version (`kind.stamp`), which must have moved, as a write that leaves no trace proves nothing. The version and the
digest from before the write are in the item's `source_hint` before the request leaves, so that a run that was killed
still knows what there was; of a secret nothing but the version is kept, and one that was under way is written again.

Somebody may be at work on the same thing: right before each request its version is read again, and one that moved is
drifted, not written. What remains is the time between that look and the arrival of the request; the proof sees it
where the other's change came last, and the vendor's own history of revisions has it where ours did.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cmkmigrate.engine.carry import TRIES, Carrier, end
from cmkmigrate.engine.names import as_entry
from cmkmigrate.engine.observe import Task, key_of
from cmkmigrate.engine.plan import Decision, decide
from cmkmigrate.errors import AlreadyExists, CallError, NotFound, Stopped
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Do, Entry, Made, State

DONE = "written anew, read again and equal"
CHANGED = "changed by somebody else while it was being written anew: not overwritten"


@dataclass(frozen=True, slots=True)
class Before:
    """A thing before it was written: its version, and the digest of its proof ("" where it is a secret's)."""

    stamp: str
    digest: str


class Again(Carrier):
    """Does the items of such a step. guard: as of a Carrier."""

    def __init__(self, guard: Any) -> None:
        super().__init__(guard)
        self._before: dict[tuple[str, str], Before] = {}
        self._first: dict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
        self._proven: set[tuple[str, str]] = set()

    def __call__(self, task: Task, row: Any) -> bool:
        """One item; as Carrier. Raises Stopped where a thing reads otherwise than before: no other is touched then."""
        if task.board.stop.is_set():
            return False
        decision = decide(task, row)
        if decision.do is not Do.AGAIN:
            state = State.EXCLUDED if decision.do is Do.EXCLUDED else State.DRIFTED
            return end(task, row, state, decision.do, decision.reason)
        entry = as_entry(task.board.names.find("source", row.kind, row.key))
        try:
            before = self._known(task, row)
            if row.state == State.MADE and before is not None:
                return self._prove(task, row, entry, before, row.tries)
            return self._begin(task, row, entry)
        except NotFound:
            return end(task, row, State.DRIFTED, Do.AGAIN, "gone since it was listed")
        except CallError as error:
            return self._unread(task, row, error)

    def _known(self, task: Task, row: Any) -> Before | None:
        """What is known of it from before a write that may have arrived."""
        known = self._before.get((row.kind, row.key))
        if known is None and row.state == State.MADE and row.source_hint:
            known = Before(*json.loads(row.source_hint))
        return known if known is not None and known.digest else None

    def _begin(self, task: Task, row: Any, entry: Entry) -> bool:
        if row.tries >= TRIES:
            return end(task, row, State.FAILED, Do.AGAIN, f"written {row.tries} times, and never arrived: {row.reason}")
        kind, site = task.kind, task.target
        stamp = kind.stamp(site, entry)
        asset = _in_memory(kind.load(site, entry))
        digest = _digest(kind, site, asset)
        if kind.stamp(site, entry) != stamp:
            return end(task, row, State.DRIFTED, Do.AGAIN, CHANGED)
        self._before[row.kind, row.key] = Before(stamp, digest)
        kept = json.dumps([stamp, "" if kind.secret else digest])
        task.board.ledger.set_item({**key_of(row), "source_hint": kept}, durable=True)
        decision = Decision(Do.AGAIN, "being written anew", want=asset, have=asset)
        form = (kind.name, str((asset.body or {}).get("format", "")))
        if form in self._proven:
            return self._write(task, row, decision)
        with self._first[form]:  # one goes first, alone: what a write would spoil, it spoils once
            return not task.board.stop.is_set() and self._write(task, row, decision)

    def _call(self, task: Task, decision: Decision) -> Made | None:
        want = decision.want
        assert want is not None
        if task.kind.stamp(task.target, want) != self._before[task.kind.name, want.key].stamp:
            raise AlreadyExists(CHANGED)
        return super()._call(task, decision)

    def _made(self, task: Task, row: Any, decision: Decision, made: Made | None) -> bool:
        made_row = {"state": State.MADE, "lands_by": 0.0, "tries": row.tries + 1}
        task.board.ledger.set_item({**key_of(row), **made_row})
        want = decision.want
        assert want is not None
        try:
            return self._prove(task, row, want, self._before[row.kind, row.key], row.tries + 1)
        except NotFound:
            return end(task, row, State.DRIFTED, Do.AGAIN, "gone right after it was written")
        except CallError as error:
            return self._unread(task, row, error)

    def _prove(self, task: Task, row: Any, entry: Entry, before: Before, tries: int) -> bool:
        """Read it again. Equal and newer: done. Equal and not newer: the write did not arrive, it is sent again. tries:
        writes so far."""
        kind, site = task.kind, task.target
        stamp = kind.stamp(site, entry)
        asset = _in_memory(kind.load(site, entry))
        if _digest(kind, site, asset) != before.digest:
            end(task, row, State.FAILED, Do.AGAIN, "written, and it reads otherwise than before")
            raise Stopped(
                "a thing reads otherwise after it was written anew, and nothing more is written",
                subject=f"{row.kind} {row.key}",
                why="the service did not take it as it gave it, or somebody changed it in the same moment",
                next="compare it with its history of revisions in the workspace; then: cmkmigrate resume",
            )
        if stamp == before.stamp:
            if tries >= TRIES:
                reason = "written, and the service shows no newer version: that it was written anew is not proven"
                return end(task, row, State.FAILED, Do.AGAIN, reason)
            task.board.ledger.set_item({**key_of(row), "state": State.PLANNED, "tries": tries})
            return True
        self._proven.add((kind.name, str((asset.body or {}).get("format", ""))))
        self._before.pop((row.kind, row.key), None)
        kept = json.dumps([before.stamp, "" if kind.secret else before.digest])
        return end(task, row, State.DONE, Do.AGAIN, DONE, source_hint=kept, target_hint=stamp)


def written_anew(task: Task, row: Any, before: Any) -> Decision:
    """What verify says of an item of such a step: whether the version from before the write came back. before: the
    ledger's row; None: made since, and so under the key from the beginning."""
    decision = decide(task, row)
    if decision.do is not Do.AGAIN:
        return decision
    source = task.board.names.find("source", row.kind, row.key)
    was = json.loads(before.source_hint)[0] if before is not None and before.source_hint else ""
    if before is None or (before.state == State.DONE and source.hint != was):
        return Decision(Do.KEEP)
    reason = "has the version from before it was written anew" if before.state == State.DONE else before.reason
    return Decision(Do.AGAIN, reason)


def _in_memory(asset: Asset) -> Asset:
    if asset.content is None:
        return asset
    blocks = list(asset.content())

    def content() -> Iterator[bytes]:
        return iter(blocks)

    return replace(asset, content=content)


def _digest(kind: Kind, site: Any, asset: Asset) -> str:
    digest = hashlib.sha256()
    for chunk in kind.proof(site, asset):
        digest.update(chunk)
    return digest.hexdigest()
