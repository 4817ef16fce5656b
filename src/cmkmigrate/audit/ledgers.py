"""What our own runs know: which workspaces they made with managed services under a key, and which they put so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cmkmigrate.errors import OperatorError
from cmkmigrate.run.ledger import EARLIER, FILE, Ledger, Where
from cmkmigrate.run.schema import item
from cmkmigrate.strict_yaml import read_yaml

MAKES, SWITCHES_ON = "workspaces", "entity_encryption"  # kinds, by name, as a ledger has them
FEATURE: Final = "managed_services"
_PASS: Final = list(item.c.keys()).index("pass")  # a word of Python's, and so no attribute
_HOLE: Final = re.compile(r"\$\{params\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class Noted:
    """One workspace in one run. born: the first PUT of it named the key; otherwise the key was put on, or changed, at
    `at` (Unix seconds, 0.0 where it is not told). run: the folder."""

    born: bool
    run: str
    at: float = 0.0


def noted(directories: Iterable[Where]) -> tuple[dict[str, Noted], list[str]]:
    """What runs know of workspaces, by ARM id (small letters); and the ledgers that could not be read, in words. That
    one was born with a key outweighs that a run put one on. A folder without a ledger is looked through for runs, one
    level deep."""
    found: dict[str, Noted] = {}
    unread: list[str] = []
    for directory in directories:
        for place in _ledgers(directory):
            try:
                for id, one in _of(Ledger.open(place), str(place)):
                    if one.born or id not in found:
                        found[id] = one
            except (OperatorError, ValueError, KeyError) as error:
                unread.append(f"{place}: {error}")
    return found, unread


def _ledgers(place: Where) -> Iterator[Where]:
    if not isinstance(place, Path):
        yield place
        return
    for folder in [place] if (place / FILE).is_file() else sorted(place.glob("*")):
        if (folder / FILE).is_file():
            yield folder


def _of(ledger: Ledger, run: str) -> Iterator[tuple[str, Noted]]:
    """Born with the key is a workspace that this run made (`ours`), where the first PUT of it named the key: nothing
    could be written before. What came after changes nothing of that: a PUT that is sent again as the grant was not in
    effect yet (the row then says `update`), or a later pass that keeps or mends it. A later pass may have had other
    parameters, and which pass made it is not told, so that all of them have to ask for the key."""
    meta = ledger.meta()
    now = {"playbook": meta["playbook"], "params": meta.get("params", "{}")}
    asked = [_asked(one, meta.get("playbook_path", "playbook")) for one in [now, *json.loads(meta.get(EARLIER, "[]"))]]
    whole = EARLIER in meta or ledger.number == 1  # whether it is known what all passes asked for
    rows = ledger.rows(item.select().where(item.c.kind.in_([MAKES, SWITCHES_ON]), item.c.state == "done"))
    for row in rows:
        if not row.id:
            continue
        steps = [(steps.get(row.step) or {}, params) for steps, params in asked]
        known = whole or (row.do == "create" and row[_PASS] == ledger.number)
        named = all(FEATURE in _features(step, params) for step, params in steps)
        if row.kind == MAKES and row.ours and known and named:
            yield str(row.id).lower(), Noted(True, run)
        with_ = steps[0][0].get("with") or {}
        if row.kind == SWITCHES_ON and row.do == "update" and with_.get("feature") == FEATURE:
            yield str(row.id).lower(), Noted(False, run, float(row.at))


def _asked(one: Mapping[str, str], path: str) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Any]]:
    """The steps and the parameters of a pass."""
    playbook, _ = read_yaml(one["playbook"], path)
    return {str(step.get("id")): step for step in (playbook or {}).get("steps") or ()}, json.loads(one["params"])


def _features(step: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    given = (step.get("with") or {}).get("features")
    hole = _HOLE.fullmatch(given) if isinstance(given, str) else None
    given = params.get(hole[1]) if hole else given
    return [str(one) for one in given] if isinstance(given, list) else []
