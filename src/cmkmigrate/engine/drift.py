"""Who has changed a thing since the last pass: the source, somebody in the target, or both.

An item that is done keeps the version of both sides: the vendor's, where a listing says one (`Entry.hint`), otherwise a
digest of the portable body and of the content, which begins with MARK. What was changed in the target is not
overwritten, and not made again, unless that is asked for. Of Azure's resources and of what a run does to the source
itself nothing is kept: the playbook says how those shall be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from cmkmigrate import portable
from cmkmigrate.engine.observe import Task
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Body, Do, State

SHALLOW: Final = ("names", "metadata")  # depths of comparing at which no content is read
Contents = tuple[str | None, str | None]  # of source and target
MARK: Final = "="
WRITES: Final = (Do.CREATE, Do.UPDATE, Do.REPLACE, Do.DELETE, Do.AGAIN)
ASK: Final = "--on-conflict overwrite"
DELETED: Final = f"deleted in the target since it was made; {ASK} makes it again"
EDITED: Final = "changed in the target since it was made"
BOTH: Final = "changed in the source and in the target"


def by_body(kind: Kind, source: Any, body: Body, content: str | None = "") -> str:
    """The version of a body where the vendor gives none; "" where he does. source: the entry row of the source.
    content: the digest of what is in it beside the body ("" : nothing); None where it is not known."""
    if source.hint or content is None or kind.secret:
        return ""
    text = portable.canonical(portable.owned(kind, body)).encode("utf-8", "surrogatepass")
    return MARK + hashlib.sha256(text + content.encode()).hexdigest()[:32]


def contents(task: Task, asset: Asset, have: Asset) -> Contents:
    """The digests of both contents; "" where there are none, None where they are a secret or not to be read.
    Raises CallError."""
    if asset.content is None and have.content is None:
        return "", ""
    if task.kind.secret or task.board.depth in SHALLOW:
        return None, None
    want = _digest(task.kind.proof(task.source, asset))
    return want, _digest(task.kind.proof(task.target, have))


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def reads_back(kind: Kind, source: Any) -> bool:
    """Whether a thing that was just made is looked at once more: only then its version in the target is known."""
    return not source.hint and followed(kind) and type(kind).update is not Kind.update


def followed(kind: Kind) -> bool:
    """Whether what others change of it is told from what the source changed."""
    return kind.at == "workspace" and not (kind.alone or kind.once or kind.writes_source)


def known(kind: Kind, row: Any) -> bool:
    """Whether an item was done in an earlier pass, and this one has written nothing of it yet."""
    return bool(row.source_hint) and row.state == State.PLANNED and row.do not in WRITES and followed(kind)


def who(kind: Kind, row: Any, source: Any, target: Any, want: str, have: str) -> str:
    """Why a thing that differs is not written; "" where nothing but the source has changed, or nobody can tell.

    source, target: entry rows; want, have: what `by_body` says of both sides now.
    """
    if not known(kind, row):
        return ""
    if row.source_hint == (source.hint or want):
        return EDITED
    there = target.hint if source.hint else have
    return BOTH if row.target_hint and there and there != row.target_hint else ""
