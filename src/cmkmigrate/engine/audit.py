"""Whose key the two sides of a migration are under, from what ARM said when they were opened; nothing is asked.

In place the two sides are one workspace, before and after: as the ledger kept it before the first change, and as a
fresh look has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from cmkmigrate.audit.encryption import judge, mapping
from cmkmigrate.audit.model import Row
from cmkmigrate.engine.migration import Migration
from cmkmigrate.model import Body
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import original

DEFINITION = "definition"  # the path under which the engine keeps what a kind with `keeps` found


def posture(migration: Any, target: Any | None) -> dict[str, list[Row]]:
    """The verdicts on both sides of a migration; a side that was opened by URL has none. `cmk` says that the key is
    set, and nothing of its health."""
    sides = {"source": migration.source(), "target": target}
    return {side: judge(site.resource) for side, site in sides.items() if site is not None and site.resource}


def before_and_after(migration: Migration, ledger: Ledger) -> tuple[Body, Body]:
    """The workspace of a migration in place as it was before the first change of the run, and as ARM shows it now.
    Raises OperatorError, CallError."""
    now = dict(migration.subscription().workspace(migration.source().arm_id))
    return definition(migration, ledger) or now, now


def definition(migration: Migration, ledger: Ledger) -> Body | None:
    """The resource as it was before the first change of the run; None where nothing was changed."""
    for step in migration.playbook.steps:
        where = (original.c.kind == step.kind, original.c.path == DEFINITION)
        row = ledger.first(select(original.c.value).where(*where).order_by(original.c.key))
        if row:
            found: Body = json.loads(row.value)
            return found
    return None


def blocks(resource: Mapping[str, Any]) -> Body:
    """What a workspace's JSON says of encryption, as it came."""
    properties = mapping(resource.get("properties"))
    names = ("prepareEncryption", "encryption", "requireInfrastructureEncryption")
    parameters = mapping(properties.get("parameters"))
    return {
        "provisioningState": properties.get("provisioningState"),
        "encryption": properties.get("encryption"),
        "parameters": {name: parameters[name] for name in names if name in parameters},
    }
