"""Things of the target that carry no marker, and are by name and body what the source has.

A job with as many tags as there may be has no room for the source's id. Without this it would be made again by a run
that knows nothing of the first one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from cmkmigrate import portable
from cmkmigrate.engine.names import as_entry
from cmkmigrate.engine.observe import FOREIGN, Task
from cmkmigrate.errors import CallError, NotFound, Stopped
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import NOTHING, Asset, Body
from cmkmigrate.run.schema import entry


def unmarked(task: Task, key: str) -> list[Any]:
    """The target's things that carry no marker and are, by name and body, what the source has under `key`."""
    source = task.board.names.find("source", task.kind.name, key)
    if not task.kind.marker_path or source is None:
        return []
    e = entry.c
    foreign = (e.key >= FOREIGN, e.key < chr(ord(FOREIGN) + 1))  # begins with it: as a range, so that an index finds it
    where = (e.side == "target", e.kind == task.kind.name, *foreign, e.name == source.name)
    candidates = task.board.ledger.rows(select(entry).where(*where).order_by(e.key))
    if not candidates:
        return []
    try:
        asset = task.assets.get(("source", key)) or task.kind.load(task.source, as_entry(source))
        return [one for one in candidates if same(task, asset, one)]
    except NotFound:
        return []
    except CallError as error:
        subject = f"{task.kind.name} {key}"
        raise Stopped("could not read", subject=subject, why=str(error), next="cmkmigrate resume") from error


def ambiguous(found: list[Any]) -> str:
    """What to say where more than one fits."""
    return f"more than one in the target could be it ({', '.join(one.id for one in found)})"


def same(task: Task, asset: Asset, candidate: Any) -> bool:
    """Whether a thing of the target (its entry row) has the body of a source's asset; what create cannot say aside.

    Raises CallError where it cannot be read.
    """
    names, kind = task.board.names, task.kind
    have = kind.load(task.target, as_entry(candidate))
    want = portable.portable(kind, asset.body or {}, lambda name, id: names.key_of("source", name, id)).body
    there = portable.portable(kind, have.body or {}, lambda name, id: names.key_of("target", name, id)).body
    _stand_in(kind, want, there)
    return set(portable.differences(kind, kind.fit(want, there), there)) <= set(kind.deferred)


def _stand_in(kind: Kind, want: Body, there: Body) -> None:
    """Let `want` say what `there` says where that is a placeholder, or a thing whose twin is not known either: it is of
    a cycle, and was not yet told what it refers to."""
    for ref in kind.refs:
        if ref.placeholder is NOTHING:
            continue
        unknown = tuple(f"@{target}/{FOREIGN}" for target in ref.targets)
        both = zip(portable.spots(want, ref.path), portable.spots(there, ref.path), strict=False)
        for (holder, key), (other, at) in list(both):
            if other[at] == ref.placeholder or str(other[at]).startswith(unknown):
                holder[key] = other[at]
