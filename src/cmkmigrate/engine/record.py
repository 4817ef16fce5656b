"""What a report says of a run, read from its ledger alone: nothing is asked of any cloud."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select

from cmkmigrate.audit.ledgers import noted
from cmkmigrate.engine.audit import DEFINITION
from cmkmigrate.engine.reckon import adds_up, problems, reckon
from cmkmigrate.model import Do, Outcome, State
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import evidence, item, original
from cmkmigrate.run.schema import step as steps


def record(ledger: Ledger) -> dict[str, Any]:
    """Plain data: the run, counts that add up, what was not moved, the evidence, whose key the features are under.

    Times are Unix seconds. Names are as the workspaces have them; there is no secret among them.
    """
    meta = ledger.meta()
    counts = reckon(ledger)
    proofs = [_proof(row) for row in ledger.rows(select(evidence).order_by(evidence.c.at))]
    last = proofs[-1]["counts"] if proofs else {}
    return {
        "format": 1,
        "run": {name: meta.get(name, "") for name in ("run", "playbook_path", "identity", "source", "tool")},
        "created": float(meta.get("created") or 0.0),
        "finished": float(meta.get("finished") or 0.0),
        "pass": ledger.number,
        "params": json.loads(meta.get("params") or "{}"),
        "preflight": [one for one in json.loads(meta.get("preflight") or "[]") if one["status"] != "pass"],
        "steps": _steps(ledger),
        "counts": [
            {
                "kind": count.kind,
                "source": count.source,
                **{str(outcome): count.outcomes.get(outcome, 0) for outcome in Outcome},
                "open": count.source - sum(count.outcomes.values()),
                "verified": last.get(count.kind, {}).get(str(Outcome.MIGRATED), 0) if proofs else None,
            }
            for count in counts
        ],
        "adds_up": adds_up(counts),
        "problems": [
            {name: getattr(row, name) for name in ("step", "kind", "key", "name", "state", "reason")}
            for row in problems(ledger)
        ],
        "notes": _notes(ledger),
        "evidence": proofs,
        "posture": json.loads(meta.get("posture") or "{}"),
        "code": meta.get("code", ""),
        "rewritten": _rewritten(ledger),
        "probe": _probe(ledger),
        "activated": _activated(ledger, meta.get("source", "")),
        "kept": ledger.first(select(original.c.key).where(original.c.path == DEFINITION)) is not None,
    }


def _steps(ledger: Ledger) -> list[dict[str, Any]]:
    rows = ledger.rows(select(steps).where(steps.c["pass"] == ledger.number))
    return [
        {"id": row.id, "state": row.state, "reason": row.reason, "outputs": json.loads(row.outputs)} for row in rows
    ]


def _notes(ledger: Ledger) -> list[dict[str, Any]]:
    """What was moved with a warning."""
    i = item.c
    where = (i["pass"] == ledger.number, i.notes != "[]", i.notes != "")
    rows = ledger.pages(select(item).where(*where), (i.step, i.kind, i.key, i.side))
    return [{"kind": row.kind, "key": row.key, "name": row.name, "notes": json.loads(row.notes)} for row in rows]


def _rewritten(ledger: Ledger) -> list[dict[str, Any]]:
    """Per kind, what was written anew as it was: how many, and when the first and the last (Unix seconds)."""
    i = item.c
    where = (i["pass"] == ledger.number, i.do == Do.AGAIN, i.state == State.DONE)
    columns = (i.kind, func.count().label("number"), func.min(i.at).label("first"), func.max(i.at).label("last"))
    rows = ledger.rows(select(*columns).where(*where).group_by(i.kind).order_by(i.kind))
    return [{name: getattr(row, name) for name in ("kind", "number", "first", "last")} for row in rows]


def _probe(ledger: Ledger) -> dict[str, Any]:
    """Whether compute came to life under the disks' key: state, reason, at (Unix seconds); {} where nobody asked."""
    row = ledger.first(select(item).where(item.c.kind == "disk_probe").order_by(item.c["pass"].desc()))
    return {} if row is None else {"state": row.state, "reason": row.reason, "at": row.at}


def _activated(ledger: Ledger, source: str) -> float:
    """When this run put the managed services of its source under a key (Unix seconds); 0.0 where it did not."""
    found, _ = noted([ledger.where])
    one = found.get(source.lower())
    return one.at if one is not None and not one.born else 0.0


def _proof(row: Any) -> dict[str, Any]:
    body = json.loads(row.body)
    return {"at": row.at, "depth": row.depth, "complete": bool(row.complete), **body}
