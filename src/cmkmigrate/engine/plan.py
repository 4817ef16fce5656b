"""Desired against actual: the only place that decides what is done to an asset, and why.

`decide` looks at one item; nothing here writes to a site. In a preview what earlier steps will make counts as there,
content is not read where nothing can differ, and a secret's value is never read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from cmkmigrate import portable
from cmkmigrate.engine import drift
from cmkmigrate.engine.names import as_entry
from cmkmigrate.engine.observe import FOREIGN, NOT_INCLUDED, Task
from cmkmigrate.engine.references import fate_of, problem
from cmkmigrate.engine.twins import ambiguous, unmarked
from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import NOTHING, Asset, Body, Do, State
from cmkmigrate.playbook import step_kinds
from cmkmigrate.portable import Link

LEFT_OUT = " is left out: it "  # in a note of what was made without something that is not in the target


@dataclass
class Decision:
    """What to do to one item. want: for the target, local; have: the target's, as loaded. wait: not yet to be said."""

    do: Do
    reason: str = ""
    changes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    want: Asset | None = None
    have: Asset | None = None
    wait: str = ""
    drifted: bool = False
    follow: bool = False  # create cannot say all of it; an update comes after
    originals: dict[str, str] = field(default_factory=dict)
    versions: tuple[str, str] = ("", "")  # of source and target, where the vendor gives none (drift.by_body)
    there: str = ""  # a digest of what the target has after a write that did not do all


def decide(task: Task, row: Any) -> Decision:
    """The decision on one item row. Raises CallError where a body cannot be read."""
    names, kind = task.board.names, task.kind
    task.waits.pop(row.key, None)
    task.doomed.discard(row.key)
    source = names.find("source", kind.name, row.key)
    if task.step.again and source is not None:
        return (
            Decision(Do.EXCLUDED, source.excluded) if source.excluded else Decision(Do.AGAIN, "written anew as it is")
        )
    target = names.find("target", kind.name, row.key)
    if source is None:
        return Decision(Do.BLOCK, "gone from the source since it was listed", drifted=True)
    if kind.once and row.source_hint and row.source_hint == source.hint:
        return Decision(Do.KEEP, row.reason or "done before, with the same key")
    if kind.once and row.state == State.MADE and target is None:
        return Decision(Do.BLOCK, "it ended before its result was kept; --retry-failed does it again", drifted=True)
    early = _without_looking(task, row, source, target)
    if early:
        return early
    if target is None and row.state == State.MADE and row.ours and kind.at == "workspace":
        return Decision(Do.BLOCK, wait="made, and the listing does not show it")  # made again it might be there twice
    if _unchanged(task, row, source, target):
        return Decision(Do.KEEP, "unchanged since it was written")
    if target is None and not kind.marker_path and _deleted(task, row):
        return Decision(Do.BLOCK, drift.DELETED, drifted=True)
    if task.board.preview and target is None and not _must_load(kind):
        return Decision(Do.CREATE)
    try:
        asset = task.assets.get(("source", row.key)) or kind.load(task.source, as_entry(source))
    except NotFound:
        return Decision(Do.BLOCK, "gone from the source since it was listed", drifted=True)
    if target is None and kind.marker_path:
        with task.board.adopting:
            found = unmarked(task, row.key)
            if len(found) > 1:
                return Decision(Do.BLOCK, f"{ambiguous(found)}: delete the wrong ones, or mark the right one")
            target = names.adopt(found[0], row.key) if found else None
    return _Comparison(task, row, source, target, asset).decide()


def _deleted(task: Task, row: Any) -> bool:
    """Whether what an earlier pass has made, and the target has no more, was deleted there and shall stay so."""
    made = task.kind.create is not None and row.ours and drift.known(task.kind, row)
    return bool(made) and not task.board.overwrite


def _must_load(kind: Kind) -> bool:
    """Whether something may be blocked, so that a preview has to know the body. A secret's value is never needed."""
    return any(ref.form == "id" or ref.missing == "block" for ref in kind.refs) or (
        kind.create is None or type(kind).forecast is not Kind.forecast
    )


def _without_looking(task: Task, row: Any, source: Any, target: Any) -> Decision | None:
    kind = task.kind
    if source.excluded:
        return Decision(Do.EXCLUDED, source.excluded)
    if source.unsupported or kind.unsupported:
        return Decision(Do.UNSUPPORTED, source.unsupported or kind.unsupported)
    if source.twin:
        return Decision(
            Do.BLOCK, f"another one in the source is also called {source.twin!r}, and the target takes one only"
        )
    if source.of_kind:
        return _parent(task, source, target)
    return None


def _parent(task: Task, source: Any, target: Any) -> Decision | None:
    """What the fate of the thing it is in means for a thing."""
    names = task.board.names
    parent = names.find("target", source.of_kind, source.of_key)
    said = f"{source.of_kind} {source.of_key!r}"
    there = parent is not None and (parent.id or parent.planned or task.kind.create is not None)
    fate = fate_of(task, source.of_kind, source.of_key)
    if fate is None:
        kinds = task.board.migration.kinds
        if source.of_kind in step_kinds(task.step, kinds) and names.find("source", source.of_kind, source.of_key):
            return Decision(Do.BLOCK, wait=f"{said} is not looked at yet")
        return None if there else Decision(Do.BLOCK, f"{said} is not in the target")
    if fate.state == State.EXCLUDED:
        if there and fate.reason == NOT_INCLUDED:
            return None  # `include` names what is taken, and not each folder above it
        return Decision(Do.EXCLUDED, f"in {said}, which is left out: {fate.reason}")
    if fate.state == State.UNSUPPORTED:
        return Decision(Do.UNSUPPORTED, f"of {said}: {fate.reason}")
    if fate.state in (State.FAILED, State.BLOCKED, State.DRIFTED):
        ours = there and (fate.ours or target is not None)
        why = f": {fate.reason}" if fate.reason else ""
        return None if ours else Decision(Do.BLOCK, f"{said} is not in the target{why}")
    # What is there may yet be left out, or be somebody else's: known when the parent is done, not when it is seen.
    settled = fate.state in (State.MADE, State.DONE)
    return None if there and settled else Decision(Do.BLOCK, wait=f"{said} is not made yet")


def _unchanged(task: Task, row: Any, source: Any, target: Any) -> bool:
    if target is None or row.state == State.MADE or not task.board.hints:
        return False
    same_source = bool(source.hint) and source.hint == row.source_hint
    return same_source and bool(target.hint) and target.hint == row.target_hint and bool(row.ours)


class _Comparison:
    """One item whose source is loaded: references, then the difference to what the target has."""

    def __init__(self, task: Task, row: Any, source: Any, target: Any, asset: Asset) -> None:
        self.task, self.row, self.source, self.target, self.asset = task, row, source, target, asset
        self.kind, self.names, self.preview = task.kind, task.board.names, task.board.preview
        self.notes: list[str] = []
        self.follow = False

    def decide(self) -> Decision:
        if self.asset.body is None:
            return Decision(Do.DELETE if self.target else Do.KEEP, "shall not be there")
        want = portable.portable(self.kind, self.asset.body, lambda kind, id: self.names.key_of("source", kind, id))
        if self.target is None and _deleted(self.task, self.row):
            return Decision(Do.BLOCK, drift.DELETED, drifted=True)
        stopped = self._links(want.body, want.links)
        if stopped:
            return stopped
        if self.target is None or self.target.planned:
            if self.kind.alone and self.kind.create is None and self.preview:
                return Decision(Do.KEEP, notes=["looked at once the target is there"])
            if self.kind.create is None and self.target is None and not self.preview:
                return Decision(Do.BLOCK, "the service did not make it with its parent")
            return self._create(want.body)
        return self._compare(want.body)

    def _links(self, body: Body, links: list[Link]) -> Decision | None:
        """Judge every reference, also after one that waits: what cannot be is known before anything of a cycle is made.
        A Decision where the item cannot go on."""
        stands_in = self.row.key in self.task.placeholders and self.row.state != State.MADE and self.target is None
        waits: list[tuple[str, Link]] = []
        for link in links:
            wrong, wait = problem(self.task, link)
            if wait and stands_in and link.ref.placeholder is not NOTHING:
                _stand_in(body, link)
                self.follow = True
            elif wait:
                waits.append((wait, link))
            if not wrong:
                continue
            if link.ref.missing == "block":
                if waits and self.row.key not in self.task.given_up:  # the reason is the first, however events fall
                    self.task.doomed.add(self.row.key)
                    return Decision(Do.BLOCK, wait=waits[0][0])
                return Decision(Do.BLOCK, f"{link.ref.path} {wrong}{self._half(link)}", notes=self.notes)
            if link.ref.missing == "drop":
                said = f"@{link.kind}/{link.key}" if link.ref.form == "id" and link.kind else link.value
                portable.drop_elements(body, link.ref, said)
                self.notes.append(f"{link.value!r}{LEFT_OUT}{wrong}")
            else:
                self.notes.append(f"{link.ref.path} {wrong}")
        if not waits:
            return None
        own = [link.key for _, link in waits if link.kind == self.kind.name]
        if own and self.target is None:
            self.task.waits[self.row.key] = own[0]
        return Decision(Do.BLOCK, wait=waits[0][0])

    def _half(self, link: Link) -> str:
        """What to say where the target has it with a placeholder: what was to come after it was refused."""
        if self.target is None or self.target.planned or link.ref.placeholder is NOTHING:
            return ""
        have = self._have()
        found = portable.spots(have.body or {} if have else {}, link.ref.path)
        half = any(holder[key] == link.ref.placeholder for holder, key in found)
        return "; the target has it with nothing in that place" if half else ""

    def _create(self, want: Body) -> Decision:
        if self.preview:
            return Decision(Do.CREATE, notes=self.notes, want=Asset(self.source.id, self.row.key, body=want))
        follow = self.follow or any(portable.value_at(want, path) is not NOTHING for path in self.kind.deferred)
        originals = self._originals()
        version = drift.by_body(self.kind, self.source, want, "" if self.asset.content is None else None)
        local, versions = self._local(want), (version, "")
        return Decision(Do.CREATE, notes=self.notes, want=local, follow=follow, originals=originals, versions=versions)

    def _compare(self, want: Body) -> Decision:
        have = self._have()
        if have is None:
            return Decision(Do.BLOCK, "gone from the target since it was listed", drifted=True)
        self.notes.extend(have.notes)
        there = portable.portable(
            self.kind, have.body or {}, lambda kind, id: self.names.key_of("target", kind, id)
        ).body
        contents = None if self.source.hint else drift.contents(self.task, self.asset, have)  # with a hint: if need be
        sides = zip((want, there), contents or (None, None), strict=True)
        was, now = (drift.by_body(self.kind, self.source, side, content) for side, content in sides)
        want = self.kind.fit(want, there)
        changes = portable.differences(self.kind, want, there)
        if not changes and self._content_differs(have, contents):
            changes = ("content",)
        if not changes:
            ours = "" if self.row.ours else "already there, and equal"
            local = None if self.preview else self._local(want)
            return Decision(Do.KEEP, ours, notes=self.notes, have=have, want=local, versions=(was, now))
        changed = self._change(want, have, changes, drift.who(self.kind, self.row, self.source, self.target, was, now))
        if self.row.tries:
            text = portable.canonical(portable.owned(self.kind, there))
            changed.there = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return changed

    def _change(self, want: Body, have: Asset, changes: tuple[str, ...], drifted: str) -> Decision:
        differs = f"differs in {', '.join(changes[:5])}{' ...' if len(changes) > 5 else ''}"
        if self.kind.alone and type(self.kind).update is Kind.update:
            return Decision(Do.BLOCK, f"{differs}; the step's `accept` says what does not matter", changes, self.notes)
        if not self._ours() and not self._asked():
            hint = f"`adopt: true` on the step or {drift.ASK} takes it over"
            return Decision(
                Do.BLOCK, f"is in the target, not made by this run, and {differs}; {hint}", changes, self.notes
            )
        if drifted and not self._asked():
            reason = f"{drifted}, {differs}; {drift.ASK} writes it"
            return Decision(Do.BLOCK, reason, changes, self.notes, drifted=True)
        do = Do.UPDATE
        if any(change.split("[")[0].split(".")[0] in self.kind.immutable for change in changes):
            if self.kind.delete is None:
                return Decision(Do.BLOCK, f"{differs}, which cannot be changed", changes, self.notes)
            do = Do.REPLACE
        local = None if self.preview else self._local(want)
        originals = self._originals()
        if self.kind.keeps:
            originals["definition"] = json.dumps(have.body, sort_keys=True)
        return Decision(do, differs, changes, self.notes, local, have, originals=originals)

    def _asked(self) -> bool:
        """Whether what somebody else did in the target may be overwritten."""
        return self.task.board.overwrite

    def _ours(self) -> bool:
        if self.row.ours or self.task.step.adopt or self.target.seeded:
            return True
        if self.kind.create is not None:
            return False
        parent = self.names.find("target", self.source.of_kind, self.source.of_key)
        fate = fate_of(self.task, self.source.of_kind, self.source.of_key)
        return bool((parent is not None and parent.seeded) or (fate is not None and fate.ours))

    def _have(self) -> Asset | None:
        key = ("target", self.row.key)
        try:
            # What was listed is good for one look: after a write it would be what was there before.
            return self.task.assets.pop(key, None) or self.kind.load(self.task.target, as_entry(self.target))
        except NotFound:
            return None

    def _content_differs(self, have: Asset, contents: drift.Contents | None) -> bool:
        if not self.kind.secret:
            want, there = contents or drift.contents(self.task, self.asset, have)
            return want != there
        if (self.asset.content is None and have.content is None) or self.task.board.depth in drift.SHALLOW:
            return False
        if self.preview:  # by their versions: no value is read for a plan
            versions = ((self.source.hint, self.row.source_hint), (self.target.hint, self.row.target_hint))
            return any(was and now != was for now, was in versions)
        one, other = (b"".join(side.content()) if side.content else b"" for side in (self.asset, have))
        return not hmac.compare_digest(one, other)

    def _originals(self) -> dict[str, str]:
        """What the source says at the paths that arrive with another value."""
        body = self.asset.body or {}
        found = {path: [holder[key] for holder, key in portable.spots(body, path)] for path in self.kind.arriving}
        return {path: json.dumps(values) for path, values in found.items() if values}

    def _local(self, want: Body) -> Asset:
        kinds = self.task.board.migration.kinds
        body = portable.local(
            self.kind, want, lambda kind, key: self.names.id_of("target", kind, key), lambda name: kinds[name].id_type
        )
        for path, value in self.kind.arriving.items():
            holder, _, last = path.rpartition(".")
            for node in [node[key] for node, key in portable.spots(body, holder)] if holder else [body]:
                if isinstance(node, dict):
                    node[last] = value
        if self.kind.marker_path and self.row.key == self.source.id:
            portable.put(body, self.kind.marker_path, self.source.id)
        one = self.source
        of = (one.of_kind, one.of_key) if one.of_kind else None
        return Asset(
            one.id, one.key, one.name, one.id, one.hint, of, body=body, content=self.asset.content, size=self.asset.size
        )


def _stand_in(body: Body, link: Link) -> None:
    for holder, key in portable.spots(body, link.ref.path):
        if holder[key] == f"@{link.kind}/{link.key}":
            holder[key] = link.ref.placeholder


def foreign(key: str) -> bool:
    """Whether a target entry is nobody's twin."""
    return key.startswith(FOREIGN)
