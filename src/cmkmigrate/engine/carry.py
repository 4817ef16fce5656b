"""One item: decide, make the intent durable, call, keep the result. `resume` needs nothing else.

Only what was refused before any effect is sent again (a throttling 429, NotYet). What nobody knows stays an intent and
is settled by looking, after the quiesce, by `conduct`.
"""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from cmkmigrate.engine import drift
from cmkmigrate.engine.grants import patience, worn_out
from cmkmigrate.engine.names import as_row
from cmkmigrate.engine.observe import Task, key_of
from cmkmigrate.engine.opened import opened
from cmkmigrate.engine.plan import Decision, decide
from cmkmigrate.engine.references import Fate, remember_fate
from cmkmigrate.engine.unknown import CREATES
from cmkmigrate.errors import AlreadyExists, Anew, CallError, Denied, NotYet, Refused, Stopped, Throttled, Unknown
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Do, Entry, Made, State

TIMEOUT_S = 60.0  # of a request, where the site does not say
UNUSABLE = "made, but did not become usable: "
BUSY_S = 15 * 60.0  # how long one item waits for a service that says "too many requests"
SAID_S = 5.0  # what is waited longer than this is said
TRIES = 3  # updates (or lost writes) of one item in a row, none of which came further, before it is called failed
MOST_TRIES = 10 * TRIES  # of one item at all: what shows another state each time need not come nearer
DENIED = 3  # refusals for lack of rights in a row after which the run stops
UNREADABLE = 5  # unreadable answers in a row after which the run stops

_FINAL = {Do.EXCLUDED: State.EXCLUDED, Do.UNSUPPORTED: State.UNSUPPORTED, Do.BLOCK: State.BLOCKED}


@dataclass(slots=True)
class _Further:
    """How far an item came. tries: how many there were when it was last seen to have come further."""

    tries: int
    states: set[str] = field(default_factory=set)  # digests of what the target had after each


class Carrier:
    """Does items of an apply. `guard` is called before each write and raises when another run took the target."""

    def __init__(self, guard: Any) -> None:
        self._guard = guard
        self._denied = 0
        self._unreadable: list[Any] = []  # rows, one after the other
        self._reading = threading.Lock()
        self._further: dict[tuple[str, str, str], _Further] = {}  # of what is written more than once

    def __call__(self, task: Task, row: Any) -> bool:
        """Do one item; False when it has to wait for another."""
        if task.board.stop.is_set():
            return False
        if row.state == State.MADE and row.operation_url:  # a run that was killed while it waited
            made = Made(row.id, row.operation_url)
            task.assets.pop(("target", row.key), None)  # listed while it went on: its end is looked at anew
            known = Asset(row.id, row.key, row.name)
            return self._settle(task, row, known, made, Do(row.do), Decision(Do.KEEP), last=False, earlier=True)
        try:
            decision = decide(task, row)
        except CallError as error:
            return self._unread(task, row, error)
        self._unreadable.clear()
        if decision.wait:
            return False
        if decision.do in _FINAL or decision.do is Do.KEEP:
            self._further.pop(_at(row), None)
        if decision.do in _FINAL:
            state = State.DRIFTED if decision.drifted else _FINAL[decision.do]
            return end(task, row, state, decision.do, decision.reason, notes=decision.notes)
        if decision.do is Do.KEEP:
            return self._keep(task, row, decision)
        if self._tired(row, decision):
            self._further.pop(_at(row), None)
            still = f"and still {decision.reason}" if decision.reason else f"and never there: {row.reason}"
            return end(task, row, State.FAILED, decision.do, f"written {row.tries} times, {still}")
        return self._write(task, row, decision)

    def _tired(self, row: Any, decision: Decision) -> bool:
        """Whether an item was written often enough. One that takes several requests comes further with each try, and
        what is lost of each may be another one."""
        if not decision.there:
            return bool(row.tries >= TRIES)
        seen = self._further.get(_at(row))
        if seen is None:  # at its first look, or an earlier process saw what there was
            seen = self._further[_at(row)] = _Further(max(0, row.tries - TRIES + 1))
        elif decision.there not in seen.states:
            seen.tries = row.tries
        seen.states.add(decision.there)
        return bool(row.tries - seen.tries >= TRIES or row.tries >= MOST_TRIES)

    def _unread(self, task: Task, row: Any, error: CallError) -> bool:
        if not isinstance(error, Unknown):
            return self._failed(task, row, Do.BLOCK, error, "could not be read: ")
        with self._reading:
            self._unreadable.append(row)
            if len(self._unreadable) < UNREADABLE:
                return self._failed(task, row, Do.BLOCK, error, "could not be read: ")
            for one in self._unreadable:  # it was not they that failed, but the service: `resume` takes them up again
                task.board.ledger.set_item({**key_of(one), "state": one.state, "reason": one.reason})
        raise Stopped("the service does not answer", subject=row.key, why=str(error), next="cmkmigrate resume")

    def _failed(self, task: Task, row: Any, do: Do, error: CallError, prefix: str = "") -> bool:
        self._denied = self._denied + 1 if isinstance(error, Denied) else 0
        self._further.pop(_at(row), None)
        more: Any = {"source_hint": ""} if do is Do.REPLACE else {}  # perhaps deleted, and by us
        end(task, row, State.FAILED, do, f"{prefix}{error}", **more)
        if self._denied >= (DENIED if task.kind.at == "workspace" else 1):  # all that follows stands on what is in ARM
            count = "requests in a row were" if self._denied > 1 else "request was"
            raise task.board.lacking(
                f"{self._denied} {count} refused for lack of rights",
                subject=f"{row.kind} {row.key}",
                why=str(error),
                next="give the rights back, then: cmkmigrate resume --retry-failed",
            )
        return True

    def _keep(self, task: Task, row: Any, decision: Decision) -> bool:
        # What was made and could not be settled is not done because it is there: it may be running.
        unsettled = row.state == State.MADE or row.reason.startswith(UNUSABLE)
        if unsettled and decision.have is not None:
            return self._settle(
                task, row, decision.have, Made(decision.have.id, row.operation_url), Do(row.do or Do.KEEP), decision
            )
        return end(task, row, State.DONE, Do.KEEP, decision.reason, notes=decision.notes, **_versions(decision))

    def _write(self, task: Task, row: Any, decision: Decision) -> bool:
        board, ledger = task.board, task.board.ledger
        ledger.put_originals(row.kind, row.key, decision.originals)
        if decision.want is None and decision.do is not Do.DELETE:
            raise RuntimeError(f"no body for {row.kind} {row.key}")
        try:
            decision = replace(decision, want=opened(decision.want, ledger))
        except CallError as error:
            return self._unread(task, row, error)
        began, delay, refused = time.monotonic(), 0.0, _refused(task, row, decision)
        while True:
            self._guard()
            at = time.monotonic()
            timeout = getattr(task.target, "timeout_s", TIMEOUT_S)
            lands_by, leaves_by = ledger.now() + 1.1 * timeout + 0.5, time.time() + 0.1 * timeout + 0.5
            intent = {"state": State.INTENT, "do": decision.do, "reason": decision.reason, "lands_by": lands_by}
            ledger.set_item({**key_of(row), **intent, "tries": row.tries}, durable=True)
            try:
                with getattr(task.target, "leaving_by", nullcontext)(leaves_by):
                    made = self._call(task, decision)
                break
            except (Throttled, NotYet) as error:
                if isinstance(error, Anew):  # it waited here, say for an operation to end, and for no refusal to pass
                    began += time.monotonic() - at
                limit = BUSY_S if isinstance(error, Throttled) else patience(task, error, first=not delay)
                planned = {
                    "state": State.PLANNED if row.state != State.MADE else State.MADE,
                    "lands_by": 0.0,
                    "do": refused,
                }
                ledger.set_item({**key_of(row), **planned})
                if time.monotonic() - began > limit or not limit:
                    raise worn_out(row, error, limit) from error
                delay = min(max(2 * delay, _first_delay(task)), 30.0)
                pause = max(delay, getattr(error, "retry_after", 0.0))
                if isinstance(error, NotYet) or pause >= SAID_S:
                    again = "" if isinstance(error, NotYet) else f"; sent again in {pause:.0f} s"
                    board.tell("wait", step=row.step, kind=row.kind, key=row.key, text=f"{error}{again}")
                if board.stop.wait(pause * random.uniform(1.0, 1.25)):  # many do not come back at once
                    return False
            except AlreadyExists as error:
                reason = f"appeared in the target between the plan and the write: {error}"
                if row.ours and decision.do in CREATES:  # its answer was lost, and the listing was old
                    ledger.set_item({**key_of(row), "reason": str(error), "tries": row.tries + 1})
                    return True
                if decision.do is Do.AGAIN:
                    reason = error.message
                return end(task, row, State.DRIFTED, refused, reason)
            except Refused as error:
                return self._failed(task, row, refused, error)
            except Unknown as error:
                ledger.set_item({**key_of(row), "reason": str(error), "tries": row.tries + 1})
                board.tell("note", step=row.step, kind=row.kind, key=row.key, text=f"no answer, will look: {error}")
                return True
        self._denied, board.wrote = 0, True
        return self._made(task, row, decision, made)

    def _call(self, task: Task, decision: Decision) -> Made | None:
        kind, site = task.kind, task.target
        if decision.do in (Do.UPDATE, Do.AGAIN):
            assert decision.want is not None and decision.have is not None
            return kind.update(site, decision.want, decision.have)
        if decision.do in (Do.DELETE, Do.REPLACE):
            assert kind.delete is not None and decision.have is not None
            kind.delete(site, decision.have)
            if decision.do is Do.DELETE:
                return None
        if kind.create is None:
            raise Refused("the service did not make it with its parent")
        return kind.create(site, decision.want)

    def _made(self, task: Task, row: Any, decision: Decision, made: Made | None) -> bool:
        ledger, created = task.board.ledger, decision.do in (Do.CREATE, Do.REPLACE)
        follow = decision.follow or (
            created and drift.reads_back(task.kind, task.board.names.find("source", row.kind, row.key))
        )
        if decision.do is Do.DELETE:
            return end(task, row, State.DONE, Do.DELETE, decision.reason)
        id = (made.id if made else "") or (decision.have.id if decision.have else "")
        change: dict[str, Any] = {"id": id, "target_hint": ""}  # its version is known when it is listed again
        if created:
            change["ours"] = 1
            _add_name(task, row, id)
            if not follow and type(task.kind).settle is Kind.settle:  # nothing goes on: made is done
                change |= _versions(decision)
                return end(task, row, State.DONE, decision.do, decision.reason, notes=decision.notes, **change)
        else:
            change["tries"] = row.tries + 1
        change |= {"state": State.MADE, "operation_url": made.operation_url if made else "", "lands_by": 0.0}
        ledger.set_item({**key_of(row), **change, "notes": json.dumps(decision.notes)})
        asset = decision.want
        assert asset is not None
        if not created and not (made and made.operation_url):
            return True  # looked at again in the next round
        # What an operation says of itself is not believed: the next round looks at what it made.
        last = created and not follow and not (made and made.operation_url)
        return self._settle(
            task, row, asset, Made(id, made.operation_url if made else ""), decision.do, decision, last=last
        )

    def _settle(
        self,
        task: Task,
        row: Any,
        asset: Asset,
        made: Made,
        do: Do,
        decision: Decision,
        *,
        last: bool = True,
        earlier: bool = False,
    ) -> bool:
        """Wait until it is usable. last: it is then done; else it is looked at again in the next round. earlier: what
        goes on was begun by an earlier process, so that how it ended says nothing of how another would end now."""
        try:
            task.kind.settle(task.target, asset, made)
        except NotYet as error:
            task.board.ledger.set_item({**key_of(row), "operation_url": "", "tries": 0})  # it has ended, and says so
            if earlier:
                return True
            limit = patience(task, error, first=row.key not in task.first_refusal)
            first = task.first_refusal.setdefault(row.key, time.monotonic())
            if time.monotonic() - first > limit or not limit:
                raise worn_out(row, error, limit) from error
            task.board.tell("wait", step=row.step, kind=row.kind, key=row.key, text=str(error))
            task.board.stop.wait(min(max(_first_delay(task), 2 * (time.monotonic() - first)), 30.0))
            return True
        except Throttled as error:  # nothing was done, and it is still to be done: what is left running costs money
            first = task.first_refusal.setdefault(row.key, time.monotonic())
            if time.monotonic() - first > BUSY_S:
                raise Stopped(
                    "the service keeps refusing", subject=row.key, why=str(error), next="cmkmigrate resume"
                ) from error
            task.board.stop.wait(max(_first_delay(task), error.retry_after))
            return True
        except Unknown as error:
            if row.tries >= TRIES:
                raise Stopped(
                    "the service does not answer", subject=row.key, why=str(error), next="cmkmigrate resume"
                ) from error
            task.board.ledger.set_item({**key_of(row), "tries": row.tries + 1})
            task.board.stop.wait(_first_delay(task))
            return True
        except CallError as error:
            return self._failed(task, row, do, error, UNUSABLE)
        if not last:
            task.board.ledger.set_item({**key_of(row), "operation_url": ""})
            return True
        reason = row.reason or decision.reason
        return end(task, row, State.DONE, do, reason, notes=decision.notes, **_versions(decision))


def _at(row: Any) -> tuple[str, str, str]:
    return row.kind, row.key, row.side


def _versions(decision: Decision) -> dict[str, str]:
    """What a row keeps of both sides where the vendor gives no version."""
    return dict(zip(("source_hint", "target_hint"), decision.versions, strict=True)) if decision.versions[0] else {}


def _refused(task: Task, row: Any, decision: Decision) -> Do:
    """What was done of an item whose write was refused: of an update in one request nothing, so that what somebody in
    the target does until it is tried again still tells (drift.py); else what was to be done, as a part of it may be."""
    if decision.do is Do.UPDATE and task.kind.one_write:
        return Do(row.do or Do.KEEP)
    return decision.do


def _first_delay(task: Task) -> float:
    return min(1.0, float(getattr(task.target, "poll_s", 1.0)))


def _add_name(task: Task, row: Any, id: str) -> None:
    source = task.board.names.find("source", row.kind, row.key)
    of = (source.of_kind, source.of_key) if source.of_kind else None
    entry = Entry(id, row.key, row.name, of=of)
    task.board.names.add(as_row("target", row.kind, entry, row.key, source.ordinal))
    if not id:
        task.board.unseen.add(task, of or ("", ""), row.key)


def end(
    task: Task, row: Any, state: State, do: Do, reason: str, *, notes: list[str] | None = None, **more: Any
) -> bool:
    """The last word on an item in this pass. more: further columns of its row."""
    change: dict[str, Any] = {**more, "state": state, "do": do, "reason": reason, "lands_by": 0.0, "tries": 0}
    if notes is not None:
        change["notes"] = json.dumps(notes)
    source = task.board.names.find("source", row.kind, row.key)
    if state is State.DONE:
        target = task.board.names.find("target", row.kind, row.key)
        written = row.state == State.MADE or do in (Do.CREATE, Do.UPDATE, Do.REPLACE)
        hint = "" if target is None or written else target.hint  # a version seen before the write says nothing now
        change |= {"source_hint": source.hint if source else "", "target_hint": hint, **more}
        change |= {"id": target.id} if target and target.id else {}
        remember_fate(task, row.kind, row.key, Fate(state, reason, 1 if do in CREATES else row.ours))
    task.board.ledger.set_item({**key_of(row), **change})
    task.board.unseen.settled((source.of_kind, source.of_key) if source else ("", ""))
    task.board.tell("item", step=row.step, kind=row.kind, key=row.key, state=str(state), text=reason)
    return True
