"""Builds a ledger anew from what can be believed of the old one, and from reading source and target; writes to neither.

What the rows of a damaged ledger said is believed only where the sum of their table fits. Where the items are lost, or
older than what was written, both sides are listed after nothing can arrive any more. What is found in a workspace that
was made after the run began counts as made by the run, with a result that nobody kept: `resume` looks at each of them,
as after a kill. In a workspace that was there before the run nobody can tell whose a thing is: what is equal is kept,
what differs is reported, and not overwritten.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cmkmigrate import __version__
from cmkmigrate.engine.conduct import conduct
from cmkmigrate.engine.marker import PATH, Marker
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Board, Task, key_of, not_there
from cmkmigrate.engine.outputs import outputs_of, skip
from cmkmigrate.errors import CallError, Fatal, LockHeld, Stopped
from cmkmigrate.model import Do, State
from cmkmigrate.run import schema
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.salvage import Salvage

SETTLED = (State.MADE, State.DONE)
_STANDING = ("step", "entry", "item")  # with all three of them, what was finished stays so


@dataclass(slots=True)
class Rebuilt:
    """What came of it. tables: what the new ledger begins with; found: kind -> how much the target has of it.

    read: whether both sides were read. fresh: whether the target was made after the run began. holder: whose marker is
    in the target. lost: what could not be recovered, in words.
    """

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    read: bool = False
    fresh: bool = False
    holder: str = ""
    lost: list[str] = field(default_factory=list)


def possible(migration: Migration, old: Salvage, directory: Path) -> None:
    """Raises Fatal where no rebuilding can bring back what the run needs."""
    if migration.playbook.in_place and (old.behind or {"item", "original"} & old.wrong.keys()):
        raise Fatal(
            "this ledger cannot be rebuilt",
            subject=str(directory),
            why="of a run in place, how the workspace was before and what was written anew are in its ledger alone",
            next="put the newest copy of the whole folder back",
        )


class Repair:
    """One rebuilding. migration: its sites only read. `run` is done in the background of a board, as a preview is."""

    def __init__(self, migration: Migration, old: Salvage, scratch: Ledger) -> None:
        self.migration, self.old, self.done = migration, old, Rebuilt()
        self.board = Board(migration, scratch, {}, preview=True)
        self._items = {_key(row): row for row in old.tables.get("item", [])}

    def run(self) -> None:
        """Fill `done`. Raises OperatorError where a side cannot be read, LockHeld where another run has the target."""
        done, old = self.done, self.old
        done.tables = {name: rows for name, rows in old.tables.items() if name not in ("meta", "lock", *_STANDING)}
        if not old.behind and all(name in old.tables for name in _STANDING):
            done.tables |= {name: old.tables[name] for name in _STANDING}
        if old.behind or "item" not in old.tables:
            self._read_back()
        else:
            done.tables["item"] = old.tables["item"]
        self._meta()
        done.lost = list(self._lost())

    def _read_back(self) -> None:
        board, migration = self.board, self.migration
        timeout = max(
            (getattr(site, "timeout_s", 60.0) for site in (migration.source(), self._subscription())), default=60.0
        )
        until = time.monotonic() + 1.1 * timeout + 0.5
        while (left := until - time.monotonic()) > 0 and not board.stop.wait(left):
            pass  # what a killed process sent last may still arrive
        for step in migration.playbook.steps:
            board.tell("step", step=step.id)
            if not skip(board, step):
                tasks = conduct(board, step, _seen)
                board.outputs[step.id] = outputs_of(board, step, tasks)
        if board.stop.is_set():
            raise Stopped("stopped, and nothing was changed", next="the same command again")
        self.done.read = True
        self._rows()

    def _subscription(self) -> Any:
        return self.migration.subscription() if self.migration.source().arm_id else None

    def _rows(self) -> None:
        ledger, number = self.board.ledger, int(self.old.meta.get("pass", "1"))
        self.done.fresh = self._fresh()
        target = self.migration.target(self.board.outputs)
        place = str(getattr(target, "arm_id", "")).lower()
        rows = []
        for row in ledger.pages(select(schema.item), tuple(schema.item.primary_key)):
            values = dict(row._mapping) | {"pass": number, "state": State.PLANNED, "do": ""}
            kind = self.migration.kinds[row.kind]
            there = self.board.names.find("target", row.kind, row.key)
            found = not not_there(there)
            self.done.found[row.kind] += found
            mine = self.done.fresh and (kind.at == "workspace" or (found and there.id.lower() == place))
            kept = self._items.pop(_key(values), None)
            done = kept is not None and kept["state"] in SETTLED and (kept["ours"] or kind.create is None)
            if kept is not None and done:
                values = kept
            elif mine and kind.create is not None:  # nobody knows: one without room for a marker shows by its body
                values |= {"state": State.INTENT, "do": Do.CREATE, "lands_by": time.time()}
            rows.append(values)
        self.done.tables["item"] = [*rows, *self._items.values()]

    def _fresh(self) -> bool:
        """Whether the target was made after the run began, by the clocks of both."""
        target, since = self.migration.target(self.board.outputs), self._since()
        said = str(((getattr(target, "resource", None) or {}).get("properties") or {}).get("createdDateTime") or "")
        if not since or not said:
            return False
        try:
            made = datetime.datetime.fromisoformat(said)
        except ValueError:
            return False
        return made.tzinfo is not None and made.timestamp() >= int(since)

    def _since(self) -> float:
        """When the run began; 0.0 where nobody knows."""
        text = self.old.meta.get("created", "") or self._owner().get("created", "")
        try:
            return float(text)
        except ValueError:
            return 0.0

    def _owner(self) -> Mapping[str, Any]:
        """Whose marker is in the target, {} for nobody's. Raises LockHeld for another run's."""
        target = self.migration.target(self.board.outputs) if self.done.read else None
        if target is None:
            return {}
        try:
            owner = Marker(target, "", "").owner() or {}
        except CallError as error:
            raise Stopped(
                "the run's marker cannot be read", subject=PATH, why=str(error), next="the same command again"
            ) from error
        run = self.old.meta.get("run", "")
        if owner and (owner.get("run") != run if run else owner.get("identity") != self.migration.identity):
            raise LockHeld(
                "another run is at work on this target",
                subject=f"{PATH} of {target.host}",
                why=f"it is held by {owner.get('holder', 'an unknown run')}",
                next=f"finish that run, or delete {PATH} in the target if you know that it is gone",
            )
        return owner

    def _meta(self) -> None:
        done, migration, old, owner = self.done, self.migration, self.old.meta, self._owner()
        done.holder = str(owner.get("holder", ""))
        meta = old or {
            "run": str(owner.get("run") or uuid.uuid4()),
            "playbook": migration.playbook.text,
            "playbook_path": migration.playbook.path,
            "params": json.dumps(migration.params, sort_keys=True),
            "identity": migration.identity,
            "source": migration.source_ref,
            "tool": __version__,
            "created": str(owner.get("created") or time.time()),
        }
        if "step" not in done.tables:
            meta = {**meta, "finished": ""}
        meta = {name: value for name, value in meta.items() if name != "schema_version"}
        done.tables["meta"] = [{"k": name, "v": value} for name, value in meta.items()]
        serials = [row["token"] for row in self.old.tables.get("lock", [])]
        serials += [one for one in (owner.get("serial"),) if isinstance(one, int)]
        if serials:
            row = {"one": 1, "token": max(serials), "holder": "", "host": "", "pid": 0, "beat": 0.0}
            done.tables["lock"] = [row]

    def _lost(self) -> list[str]:
        done, said = self.done, []
        if "step" not in done.tables:
            said.append("which steps were finished: all are gone through again, and gates ask for their words again")
        if done.read and "item" not in self.old.tables:
            said.append("what each thing had met until now: what failed is tried again")
            if done.fresh:
                said.append("whether somebody changed a thing of the target since: it is made as the source has it")
            else:
                said.append("what the run made by itself: what differs from the source is reported, not overwritten")
        if self.old.behind or "original" not in done.tables:
            said.append("what was kept of things as they were before: it is read from the source again")
        for name, what in (("evidence", "earlier verifications"), ("event", "the events")):
            if name not in done.tables:
                said.append(f"{what} are lost")
        if "meta" not in self.old.tables:
            said.append("the run's own facts: parameters are those that were given now, what doctor found is lost")
        return said


def _seen(task: Task, row: Any) -> bool:
    task.board.ledger.set_item({**key_of(row), "state": State.DONE})
    return True


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("step", "kind", "key", "side"))


def write(rebuilt: Rebuilt, folder: Path) -> None:
    """Make the new ledger in an empty folder."""
    meta = {row["k"]: row["v"] for row in rebuilt.tables["meta"]}
    ledger = Ledger.create(folder, meta)
    with ledger.engine.connect().execution_options(immediate=True) as connection:
        for table in schema.metadata.sorted_tables:
            rows = rebuilt.tables.get(table.name, [])
            if rows and table.name != "meta":
                connection.execute(table.delete())
                connection.execute(table.insert(), rows)
        connection.commit()
    ledger.engine.dispose()
