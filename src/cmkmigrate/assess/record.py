"""An assessment as plain data: what every output is made from. Its schema is docs/assess.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from cmkmigrate.assess.model import Assessed
from cmkmigrate.assess.survey import Assessment
from cmkmigrate.audit.record import iso

SCHEMA: Final = "1.0"  # the first number grows when a reader of an older one would misread it
LIMITS: Final = (
    "It rests on an audit and shares its limits; the audit shows the causes and the keys.",
    "Azure Policy and deny assignments are not evaluated: they can refuse what no right and no lock refuses. "
    "The plan of the playbook, and the preflight before it, look at the one workspace.",
    "Rights are those that are in effect now, of whoever is signed in; what is eligible and not active does not count.",
    "Hours are the least: at the documented limits, a third of them on the old workspace, without the data in the DBFS "
    "root and in tables, without waiting for people.",
    "No sign of a tool does not mean that no tool owns the workspace: most leave none.",
)


def record(found: Assessment, tool: str) -> dict[str, Any]:
    """The assessment; times in ISO 8601, UTC. tool: the version of cmkmigrate."""
    known = found.audit
    return {
        "type": "assessment",
        "schema": SCHEMA,
        "tool": tool,
        "began": iso(known.began),
        "ended": iso(known.ended),
        "caller": known.caller,
        "scope_file": known.scope,
        "wanted": [str(one) for one in found.wanted],
        "contents": found.contents,
        "needing": found.needing,
        "counts": found.counts(),
        "population": [asdict(one) for one in known.population],
        "workspaces": [_workspace(one) for one in found.workspaces],
        "orphaned": len(known.orphaned),
        "unmatched": sorted({*known.unmatched, *found.unmatched}),
        "notes": list(known.notes),
        "limits": list(LIMITS),
    }


def _workspace(one: Assessed) -> dict[str, Any]:
    return {**asdict(one), "remedy": str(one.remedy), "needs": one.needs}
