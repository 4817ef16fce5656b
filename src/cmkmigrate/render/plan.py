"""A plan as table, JSON, JSON lines or CSV. Everything that is not simply created is listed with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

from cmkmigrate.model import Action, Do
from cmkmigrate.render.result import reason_of
from cmkmigrate.render.text import csv_lines, json_document, json_line, plain

SYMBOLS: Final = {
    Do.CREATE: "+",
    Do.UPDATE: "~",
    Do.AGAIN: "~",
    Do.REPLACE: "~",
    Do.DELETE: "-",
    Do.BLOCK: "!",
    Do.KEEP: "=",
    Do.EXCLUDED: "!",
    Do.UNSUPPORTED: "!",
}
CHANGES: Final = (Do.CREATE, Do.UPDATE, Do.AGAIN, Do.REPLACE, Do.DELETE)
LISTED: Final = 20  # lines of one sort that the table shows; the other formats have all
MOST: Final = 8  # fields of one thing that differ
NAMED: Final = 3  # as many things to create are named, more are only counted
NONE: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})
COLUMNS: Final = ("step", "kind", "key", "name", "do", "reason", "changes", "notes")


@dataclass(slots=True)
class Totals:
    """How many actions of each sort have been seen, and the kinds that would be written, in their order."""

    numbers: Counter[Do] = field(default_factory=Counter)
    written: dict[str, None] = field(default_factory=dict)

    def seen(self, actions: Iterable[Action]) -> Iterator[Action]:
        """The same actions, counted while they pass."""
        for action in actions:
            self.numbers[action.do] += 1
            if action.do in CHANGES:
                self.written[action.kind] = None
            yield action

    @property
    def changes(self) -> int:
        """How many things would be written."""
        return sum(self.numbers[do] for do in CHANGES)

    def rests_on(self, unverified: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        """(kind, what nobody has confirmed) of the kinds that would be written."""
        return [(kind, fact) for kind in self.written for fact in unverified.get(kind, ())]

    def as_dict(self) -> dict[str, int]:
        """The numbers, by what they are called in the last line of a plan."""
        number = self.numbers
        return {
            "create": number[Do.CREATE],
            "change": number[Do.UPDATE] + number[Do.AGAIN] + number[Do.REPLACE] + number[Do.DELETE],
            "keep": number[Do.KEEP],
            "blocked": number[Do.BLOCK],
            "excluded": number[Do.EXCLUDED],
            "unsupported": number[Do.UNSUPPORTED],
        }

    def line(self) -> str:
        """The last line of a plan."""
        text = "Plan: {create} to create, {change} to change, {keep} to keep, {blocked} blocked, {excluded} excluded, "
        return (text + "{unsupported} unsupported").format(**self.as_dict())


@dataclass(frozen=True, slots=True)
class Head:
    """What a plan is of."""

    playbook: str
    source: str
    target: str


def table(
    head: Head,
    actions: Iterable[Action],
    totals: Totals,
    skipped: Mapping[str, str],
    forecasts: Sequence[str],
    unverified: Mapping[str, Sequence[str]] = NONE,
    code: str = "",
) -> Iterator[str]:
    """The plan for people. `skipped` and `forecasts` are read after the actions.

    unverified: kind -> what it takes for true and nobody has confirmed; told of the kinds that would be written. code:
    the change as the text of the code that owns the workspace.
    """
    yield f"{head.playbook}: {plain(head.source)} -> {plain(head.target)}"
    left: dict[tuple[Do, str, str], list[str]] = {}
    notes: list[str] = []
    more: Counter[tuple[Do, str, str]] = Counter()
    for step, of_step in groupby(totals.seen(actions), key=lambda action: action.step):
        yield from ("", f"Step {step}")
        for kind, of_kind in groupby(of_step, key=lambda action: action.kind):
            lines: list[str] = []
            count: Counter[Do] = Counter()
            names: list[str] = []
            for action in of_kind:
                count[action.do] += 1
                if action.notes:
                    notes += [f"  {kind} {_name(action)}: {plain(note)}" for note in action.notes]
                if action.do in (Do.EXCLUDED, Do.UNSUPPORTED, Do.BLOCK):
                    group = (action.do, kind, reason_of(kind, action.reason))
                    more[group] += 1
                    if more[group] <= LISTED:
                        left.setdefault(group, []).append(_name(action))
                elif action.do is Do.CREATE:
                    names += [plain(action.name or action.key)] if len(names) <= NAMED else []
                elif action.do is not Do.KEEP:
                    # The reason names the first of them; the rest is said where there is more.
                    unsaid = any(path not in action.reason for path in action.changes[:MOST])
                    changed = f" ({', '.join(plain(path) for path in action.changes[:MOST])})" if unsaid else ""
                    lines.append(
                        f"    {SYMBOLS[action.do]} {_name(action)}: {action.do}, {plain(action.reason)}{changed}"
                    )
            numbers = "  ".join(f"{_symbol(do)} {number}" for do, number in count.items())
            named = f"   {', '.join(names)}" if 0 < len(names) <= NAMED and count[Do.CREATE] <= NAMED else ""
            yield f"  {kind:<24} {numbers}{named}"
            yield from _cut(lines)
    for id, why in skipped.items():
        yield from ("", f"Step {id}: left out ({plain(why)})")
    yield from _left("Blocked", (Do.BLOCK,), left, more)
    yield from _left("Cannot be migrated", (Do.UNSUPPORTED,), left, more)
    yield from _left("Excluded", (Do.EXCLUDED,), left, more)
    if notes:
        yield from ("", "Warnings", *_cut(notes))
    if forecasts:
        yield from ("", "Forecast", *(f"  {plain(line)}" for line in forecasts))
    rests = totals.rests_on(unverified)
    if rests:
        yield from ("", "Rests on what nobody has confirmed on Azure (`cmkmigrate selftest --live` can)")
        yield from (f"  {kind}: {fact}" for kind, fact in rests)
    if code:
        yield from ("", "The change as code", *(f"  {line}" for line in code.splitlines()))
    yield from ("", totals.line())


def _left(title: str, dos: tuple[Do, ...], left: Mapping[Any, list[str]], more: Mapping[Any, int]) -> Iterator[str]:
    groups = [group for group in left if group[0] in dos]
    if not groups:
        return
    yield from ("", title)
    for group in groups:
        _, kind, reason = group
        yield f"  ! {kind} ({more[group]}): {plain(reason) or 'no reason given'}"
        yield from _cut([f"      {name}" for name in left[group]], more[group])


def _cut(lines: Sequence[str], number: int = 0) -> Iterator[str]:
    yield from lines[:LISTED]
    number = number or len(lines)
    if number > LISTED:
        yield f"      ... and {number - LISTED} more (-o jsonl has them all)"


def _symbol(do: Do) -> str:
    return {Do.EXCLUDED: "excluded", Do.UNSUPPORTED: "unsupported", Do.REPLACE: "replace"}.get(do, SYMBOLS[do])


def _name(action: Action) -> str:
    key, name = plain(action.key), plain(action.name)
    return key if not name or name == key else f"{name} ({key})"


def document(
    head: Head,
    actions: Iterable[Action],
    totals: Totals,
    skipped: Mapping[str, str],
    forecasts: Sequence[str],
    unverified: Mapping[str, Sequence[str]] = NONE,
    code: str = "",
) -> Iterator[str]:
    """The plan as one JSON document."""
    listed = [asdict(action) for action in totals.seen(actions)]
    body = {"type": "plan", **asdict(head), "counts": totals.as_dict(), "changes": totals.changes}
    more = {"skipped": dict(skipped), "forecasts": list(forecasts), "unverified": _rests(totals, unverified)}
    more |= {"code": code} if code else {}
    yield json_document({**body, **more, "actions": listed})


def lines(
    head: Head,
    actions: Iterable[Action],
    totals: Totals,
    skipped: Mapping[str, str],
    forecasts: Sequence[str],
    unverified: Mapping[str, Sequence[str]] = NONE,
    code: str = "",
) -> Iterator[str]:
    """The plan as JSON lines: one for each action, the counts last."""
    for action in totals.seen(actions):
        yield json_line({"type": "planned_change", **asdict(action)})
    more = {"skipped": dict(skipped), "forecasts": list(forecasts), "unverified": _rests(totals, unverified)}
    more |= {"code": code} if code else {}
    yield json_line({"type": "change_summary", **asdict(head), "counts": totals.as_dict(), **more})


def _rests(totals: Totals, unverified: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    return [{"kind": kind, "fact": fact} for kind, fact in totals.rests_on(unverified)]


def csv(actions: Iterable[Action], totals: Totals) -> Iterator[str]:
    """The plan for a spreadsheet."""
    rows = (
        (one.step, one.kind, one.key, one.name, str(one.do), one.reason, " ".join(one.changes), "; ".join(one.notes))
        for one in totals.seen(actions)
    )
    yield from csv_lines(COLUMNS, rows)
