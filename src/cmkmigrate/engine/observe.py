"""Listing both sides of one (step, kind) into the ledger, and settling what is unknown by looking."""

from __future__ import annotations

import fnmatch
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, select

from cmkmigrate.characters import spelled
from cmkmigrate.engine.migration import Migration, Outputs
from cmkmigrate.engine.names import Names, as_row
from cmkmigrate.engine.unseen import Unseen
from cmkmigrate.errors import CallError, Denied, NotAllowed, NotFound, OperatorError, Stopped
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Event, State
from cmkmigrate.playbook import Step
from cmkmigrate.run.ledger import PAGE, Ledger
from cmkmigrate.run.schema import entry, item

FOREIGN = "~"  # a target's thing that is nobody's twin has this before its id as key
NOT_INCLUDED = "not included by the playbook"
UNWRITABLE = (
    "its name holds NUL or half of a character, so that neither it nor what may be in it can be asked for: "
    "rename it in the source"
)


@dataclass
class Board:
    """What the tasks of one pass share."""

    migration: Migration
    ledger: Ledger
    outputs: Outputs
    preview: bool = False
    depth: str = "content"  # of comparing: names, metadata, content
    hints: bool = True  # whether "its version has not changed" counts as "it has not changed"
    parallelism: int = 10
    overwrite: bool = False  # what somebody else did in the target may be overwritten
    names: Names = field(init=False)
    stop: threading.Event = field(default_factory=threading.Event)
    why: str = ""  # it was stopped, "" for the operator's Ctrl-C
    wrote: bool = False  # whether a write of this process was accepted
    go: threading.Event = field(default_factory=threading.Event)  # not set: no new item is begun
    events: queue.SimpleQueue[Event | None] = field(default_factory=queue.SimpleQueue)
    unseen: Unseen = field(default_factory=Unseen)
    adopting: threading.Lock = field(default_factory=threading.Lock)  # two twins must not take the same
    fates: dict[tuple[str, str], Any] = field(default_factory=dict)  # references.Fate of what is settled

    def __post_init__(self) -> None:
        self.names = Names(self.ledger)
        self.go.set()

    def lacking(self, what: str, *, subject: str, why: str, next: str) -> OperatorError:
        """The end of a run for lack of a right: Stopped where it was allowed to write before, as its rights have ended
        then in the middle of it; else NotAllowed."""
        return (Stopped if self.wrote else NotAllowed)(what, subject=subject, why=why, next=next)

    def tell(self, what: str, **more: Any) -> None:
        """Report something to whoever reads the events."""
        self.events.put(Event(time.time(), what, **more))


@dataclass
class Task:
    """One kind in one step: where it is read and written, and what was listed with its body."""

    board: Board
    step: Step
    kind: Kind
    settings: dict[str, Any]
    source: Any
    target: Any | None
    assets: dict[tuple[str, str], Asset] = field(default_factory=dict)
    placeholders: set[str] = field(default_factory=set)  # keys that may be made with a placeholder (a cycle)
    waits: dict[str, str] = field(default_factory=dict)  # key of what is not there -> key of its kind that it waits for
    doomed: set[str] = field(default_factory=set)  # keys that cannot be whatever they wait for
    given_up: set[str] = field(default_factory=set)  # of these: what they wait for is not waited for any more
    first_refusal: dict[str, float] = field(default_factory=dict)

    def listed(self, side: str, kind: str) -> Iterator[Entry]:
        """The entries of another kind on a side; looks again first where new things have no ids yet."""
        if side == "target":
            self.board.unseen.look(kinds={kind, *self.kind.parents})
            self.board.ledger.commit()  # what was seen and made so far can be read
        known = (one for one in self.board.names.entries(side, kind) if one.id not in ("", KNOWN_AFTER_APPLY))
        return (one for one in known if not one.excluded)

    def look_again(self, *, anew: bool = True) -> None:
        """List the target again (ids of what was made, hints, what else is there); anew: believe no earlier listing."""
        if self.target is not None:
            if anew:
                getattr(self.target, "cache", {}).clear()
            self.list_target()
            self.board.names.learn_ids(self.step.id, self.kind.name)

    def quiesce(self) -> bool:
        """Wait until no request without a result can land any more; whether there was one."""
        until = self.board.ledger.last_intent(self.step.id, self.kind.name)
        while (left := until - self.board.ledger.now()) > 0 and not self.board.stop.wait(min(left, 0.5)):
            pass
        return bool(until)

    def list_source(self) -> None:
        """List the source (for a provisioned kind: what shall be). Raises Stopped, NotAllowed."""

        def listed(kind: str) -> Iterator[Entry]:
            return self.listed("source", kind)

        kind = self.kind
        anew = kind.anew if self.step.again else None
        found = self._read(
            "source", lambda: anew(self.source) if anew else kind.desired(self.source, self.settings, listed)
        )
        self.board.names.replace("source", self.kind.name, self._source_rows(found))

    def _source_rows(self, found: Iterable[Entry]) -> Iterator[dict[str, Any]]:
        for ordinal, (one, key, twin) in enumerate(_each_once(found, lambda one: one.key or one.id)):
            if isinstance(one, Asset):
                self.assets["source", key] = one
            if not one.excluded:
                one.excluded = self._left_out(one, key)
            yield as_row("source", self.kind.name, one, key, ordinal, twin=twin)

    def _left_out(self, one: Entry, key: str) -> str:
        names = (self.kind.name, key, one.name)
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.step.exclude for name in names):
            return "excluded by the playbook"
        if self.step.include and not any(
            fnmatch.fnmatchcase(name, pattern) for pattern in self.step.include for name in names
        ):
            return NOT_INCLUDED
        return ""

    def list_target(self) -> None:
        """List the target. Raises Stopped, NotAllowed."""
        if self.target is None or self.step.again:  # again: what is written is what was listed of the source
            self.board.names.replace("target", self.kind.name, [])
            return

        def listed(kind: str) -> Iterator[Entry]:
            return self.listed("target", kind)

        found = self._read("target", lambda: self.kind.list(self.target, self.settings, listed))
        self.board.names.replace("target", self.kind.name, self._target_rows(found))
        self.board.unseen.listed(self.kind.name)

    def list_parts(self, parents: Mapping[str, Sequence[Entry]]) -> None:
        """Add to what is listed of the target what is a part of these. Raises Stopped, NotAllowed."""
        if self.target is None:
            return
        found = self._read("target", lambda: self.kind.list(self.target, self.settings, lambda kind: parents[kind]))
        self.board.names.more(self._target_rows(found))

    def _target_rows(self, found: Iterable[Entry]) -> Iterator[dict[str, Any]]:
        ours = self._known_ids()
        of_ours = _each_once(found, lambda one: one.key or ours.get(one.id) or one.marker or f"{FOREIGN}{one.id}")
        for ordinal, (one, key, twin) in enumerate(of_ours):
            if isinstance(one, Asset):
                self.assets["target", key] = one
            seeded = int(self.kind.seeded(self.target, one))
            yield as_row("target", self.kind.name, one, key, ordinal, twin=twin, seeded=seeded)

    def _known_ids(self) -> dict[str, str]:
        """id -> key of what this run made, for kinds whose names are not unique."""
        if not self.kind.marker_path:
            return {}
        i = item.c
        rows = self.board.ledger.rows(select(i.id, i.key).where(i.kind == self.kind.name, i.id != "", i.ours == 1))
        return {row.id: row.key for row in rows}

    def _read(self, side: str, call: Any) -> Iterator[Entry]:
        """What `call` lists; a listing that cannot be read stops the run, it never counts as empty."""
        subject = f"{self.kind.name} of the {side}"
        again = "the same command again" if self.board.preview else "cmkmigrate resume"  # a plan is no run
        try:
            for one in call():
                yield _written_down(one)
        except NotFound as error:
            raise Stopped("could not list", subject=subject, why=str(error), next=again) from error
        except Denied as error:
            mend = "cmkmigrate doctor PLAYBOOK"
            mend = f"give the right back, then: {again}" if self.board.wrote else mend
            raise self.board.lacking("may not list", subject=subject, why=str(error), next=mend) from error
        except CallError as error:
            raise Stopped("could not list", subject=subject, why=str(error), next=again) from error

    def make_items(self) -> None:
        """A row for every source entry; a row of an earlier pass is planned anew, what is unknown or made stays so."""
        ledger, number = self.board.ledger, self.board.ledger.number
        statement = ledger.upsert(item)
        anew = (item.c["pass"] != number) & (item.c.state != State.INTENT) & (item.c.state != State.MADE)
        again, do = case((anew, State.PLANNED), else_=item.c.state), case((anew, ""), else_=item.c.do)
        statement = statement.on_conflict_do_update(
            index_elements=["step", "kind", "key", "side"],
            set_={"pass": number, "state": again, "do": do, "name": statement.excluded.name},
        )
        e = entry.c
        batch: list[dict[str, Any]] = []
        for row in ledger.pages(select(entry).where(e.side == "source", e.kind == self.kind.name), (e.key,)):
            values = {
                "step": self.step.id,
                "kind": self.kind.name,
                "key": row.key,
                "side": self.step.on,
                "pass": number,
            }
            batch.append({**values, "state": State.PLANNED, "name": row.name, "at": ledger.now()})
            self.board.unseen.expect((row.of_kind, row.of_key))
            if len(batch) == PAGE:
                ledger.send(statement, batch)
                batch = []
        ledger.commit(statement, batch)

    def gone(self) -> list[str]:
        """Keys of what an earlier pass made of the source, and the source has no more while the target still has it."""
        if self.kind.create is None or self.step.again or self.kind.at != "workspace":
            return []
        i, e = item.c, entry.c
        same = (e.kind == i.kind, e.key == i.key)
        where = [i.step == self.step.id, i.kind == self.kind.name, i["pass"] < self.board.ledger.number, i.ours == 1]
        where += [select(e.id).where(*same, e.side == "target").exists()]
        where += [~select(e.id).where(*same, e.side == "source").exists()]
        return [row.key for row in self.board.ledger.rows(select(i.key).where(*where).order_by(i.key))]


def _written_down(one: Entry) -> Entry:
    """The same entry as the ledger takes it. What has a name that cannot be written is listed and not moved."""
    texts = (one.id, one.key, one.name, one.marker, one.hint, *(one.of or ()))
    if all(spelled(text) is text for text in texts):
        return one
    one.id, one.key, one.name, one.marker, one.hint = (spelled(text) for text in texts[:5])
    one.of = (one.of[0], spelled(one.of[1])) if one.of else None
    one.unsupported = one.unsupported or UNWRITABLE
    return one


def _each_once(found: Iterable[Entry], key_of: Callable[[Entry], str]) -> Iterator[tuple[Entry, str, str]]:
    """Each thing with its key, and the key of the thing before it that has the same ("" where none has).

    What a listing brings a second time, because it moved from one page to the next while they were read, is no twin."""
    ids: dict[str, str] = {}
    for one in found:
        key, twin = key_of(one), ""
        if key in ids:
            twin, key = key, f"{key} ({one.id})"
            if one.id and (ids[twin] == one.id or key in ids):
                continue
        ids[key] = one.id
        yield one, key, twin


def key_of(row: Any) -> dict[str, Any]:
    """The primary key of an item row."""
    return {"step": row.step, "kind": row.kind, "key": row.key, "side": row.side}


def not_there(row: Any) -> bool:
    """Whether a target entry is only planned (preview)."""
    return row is None or bool(row.planned) or row.id == KNOWN_AFTER_APPLY
