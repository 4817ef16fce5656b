"""id <-> key on one side, kept as ledger rows. What is asked for most is remembered, up to a bound."""

from __future__ import annotations

import itertools
import threading
from collections import namedtuple
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update

from cmkmigrate.model import KNOWN_AFTER_APPLY, Entry
from cmkmigrate.run.ledger import PAGE, Ledger, insert_entries
from cmkmigrate.run.schema import entry, item

REMEMBERED = 20_000
SIDES = ("source", "target")
# As a row that was read, of one that is being written.
Added: Any = namedtuple("Added", [column.name for column in entry.c])  # type: ignore[misc]

# Built once: what is asked thousands of times must not be compiled thousands of times.
_at = (entry.c.side == bindparam("side"), entry.c.kind == bindparam("kind"))
_FIND = select(entry).where(*_at, entry.c.key == bindparam("key"))
_PAGE = select(entry).where(  # with the sides: they come first in the table's key, and without them all of it is read
    entry.c.side.in_(SIDES), entry.c.kind == bindparam("kind"), entry.c.key.in_(bindparam("keys", expanding=True))
)
_KEY_OF = select(entry.c.key).where(*_at, entry.c.id == bindparam("id"))


class Names:
    """The entries of both sides ("source", "target") as listed in this pass."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_key: dict[tuple[str, str, str], Any] = {}
        self._by_id: dict[tuple[str, str, str], str] = {}
        self._forgotten = 0  # times that something was forgotten
        self._lock = threading.Lock()

    def find(self, side: str, kind: str, key: str) -> Any:
        """The entry row, or None."""
        at = (side, kind, key)
        known = self._by_key.get(at, self)
        if known is not self:
            return known
        seen = self._forgotten
        row = self._ledger.first(_FIND, {"side": side, "kind": kind, "key": key})
        # That there is none is not kept: it may be on its way to the disk, and forgotten here to make room.
        return None if row is None else self._remember(self._by_key, at, row, seen)

    def preload(self, kind: str, keys: list[str]) -> None:
        """Remember the entries of these keys on both sides, and that there are none: one question instead of two for
        each item."""
        seen = self._forgotten
        found = {(row.side, row.key): row for row in self._ledger.rows(_PAGE, {"kind": kind, "keys": keys})}
        for side in SIDES:
            for key in keys:
                self._remember(self._by_key, (side, kind, key), found.get((side, key)), seen)

    def key_of(self, side: str, kind: str, id: str) -> str | None:
        """The key of what has this id on this side."""
        at = (side, kind, id)
        if at in self._by_id:
            return self._by_id[at]
        seen = self._forgotten
        row = self._ledger.first(_KEY_OF, {"side": side, "kind": kind, "id": id})
        return None if row is None else self._remember(self._by_id, at, str(row.key), seen)

    def id_of(self, side: str, kind: str, key: str) -> str | None:
        """The id of what has this key on this side."""
        row = self.find(side, kind, key)
        return row.id if row else None

    def entries(self, side: str, kind: str) -> Iterator[Entry]:
        """Every entry of a kind, in the order of the keys."""
        e = entry.c
        for row in self._ledger.pages(select(entry).where(e.side == side, e.kind == kind), (e.key,)):
            yield as_entry(row)

    def replace(self, side: str, kind: str, rows: Iterable[dict[str, Any]]) -> None:
        """Forget what was listed of this kind on this side and keep `rows` instead."""
        e, seen = entry.c, self._ledger.now_ns()  # what is listed again is never gone in between: others are reading
        left = iter(rows)
        while batch := list(itertools.islice(left, PAGE)):  # a listing can take long: stamped when it is written
            now = self._ledger.now_ns()
            insert_entries(self._ledger, [{**row, "seen": now} for row in batch], wait=False)
        self._ledger.commit(
            delete(entry).where(e.side == side, e.kind == kind, e.seen < seen)
        )  # not what was made since
        self.forget(side, kind)

    def more(self, rows: Iterable[dict[str, Any]]) -> None:
        """Keep these beside what was listed; durable when it returns."""
        insert_entries(self._ledger, ({**row, "seen": self._ledger.now_ns()} for row in self._added(rows)))

    def add(self, row: dict[str, Any]) -> None:
        """One more entry; on disk after the next commit, found by its key at once."""
        insert_entries(self._ledger, self._added([{**row, "seen": self._ledger.now_ns()}]), wait=False)

    def _added(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            with self._lock:
                self._make_room(self._by_key)
                self._by_key[row["side"], row["kind"], row["key"]] = Added(**row)
            yield row

    def since(self, side: str, kind: str, seen: int) -> list[Entry]:
        """The entries of a kind that were listed or made at `seen` (Unix nanoseconds) or later, and have an id."""
        e = entry.c
        where = (e.side == side, e.kind == kind, e.seen >= seen, e.id.not_in(("", KNOWN_AFTER_APPLY)), e.excluded == "")
        return [as_entry(row) for row in self._ledger.rows(select(entry).where(*where).order_by(e.key))]

    def adopt(self, row: Any, key: str) -> Any:
        """Give a target's entry that had no twin the key of one; the row as it then is."""
        e = entry.c
        insert_entries(self._ledger, [{**row._mapping, "key": key, "seen": self._ledger.now_ns()}], wait=False)
        self._ledger.commit(delete(entry).where(e.side == row.side, e.kind == row.kind, e.key == row.key))
        self.forget(row.side, row.kind)
        return self.find(row.side, row.kind, key)

    def forget(self, side: str, kind: str) -> None:
        """Drop what is remembered of a kind on a side."""
        with self._lock:
            self._forgotten += 1
            for memory in (self._by_key, self._by_id):
                for at in [at for at in memory if at[0] == side and at[1] == kind]:
                    del memory[at]

    def learn_ids(self, step: str, kind: str) -> None:
        """Write the target's ids and hints, as listed now, into what was written since the last look."""
        e, i = entry.c, item.c
        same = (e.side == "target") & (e.kind == i.kind) & (e.key == i.key)
        ids = select(e.id).where(same).scalar_subquery()
        hints = select(e.hint).where(same).scalar_subquery()
        unknown = (i.target_hint == "") | (i.id == "")
        new = (i.step == step, i.kind == kind, unknown, select(e.id).where(same, e.id != "").exists())
        hint = case((i.target_hint == "", hints), else_=i.target_hint)
        self._ledger.commit(update(item).where(*new).values(id=ids, target_hint=hint))

    def _remember(
        self, memory: dict[tuple[str, str, str], Any], at: tuple[str, str, str], value: Any, seen: int
    ) -> Any:
        """What is true of `at`: `value`, unless something newer is known. seen: `_forgotten` before it was read."""
        with self._lock:
            if self._forgotten != seen:
                return value  # read before a new listing: true then, and not to be kept
            self._make_room(memory)
            return memory.setdefault(at, value)

    def _make_room(self, memory: dict[tuple[str, str, str], Any]) -> None:
        if len(memory) >= REMEMBERED:
            self._forgotten += 1
            memory.clear()


def as_entry(row: Any) -> Entry:
    """An Entry from its row."""
    of = (row.of_kind, row.of_key) if row.of_kind else None
    return Entry(row.id, row.key, row.name, "", row.hint, of, row.unsupported, row.excluded)


def as_row(side: str, kind: str, one: Entry, key: str, ordinal: int, **more: Any) -> dict[str, Any]:
    """The row of an Entry."""
    of_kind, of_key = one.of or ("", "")
    row = {"side": side, "kind": kind, "key": key, "id": one.id, "name": one.name or key, "hint": one.hint}
    row |= {"of_kind": of_kind, "of_key": of_key, "unsupported": one.unsupported, "excluded": one.excluded}
    return {**row, "seeded": 0, "planned": 0, "twin": "", "ordinal": ordinal, "seen": 0, **more}
