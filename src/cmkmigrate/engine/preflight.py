"""Before the first write of a pass: what cannot go well is found while nothing has been changed.

Everything that is provisioned is planned, as in a dry run; both sites are opened. What that finds (a source that is not
Premium, a name that is taken, a target that is the source) ends the run with nothing written.
"""

from __future__ import annotations

from dataclasses import replace

from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Board
from cmkmigrate.engine.preview import Preview
from cmkmigrate.engine.reading import ReadOnly
from cmkmigrate.errors import Blocked
from cmkmigrate.model import Action, Do
from cmkmigrate.run.ledger import Ledger


def preflight(migration: Migration, ledger: Ledger) -> None:
    """Raises Blocked, Mistake, NotAllowed or Stopped where the migration cannot be begun. Writes nothing."""
    reader = replace(migration, sites=ReadOnly(migration.sites), _open={})
    with Ledger.scratch(like=ledger) as scratch:
        preview = Preview(Board(reader, scratch, {}, preview=True))
        preview.run(provisioning=True)
        for action in preview.actions():
            if action.do is Do.BLOCK:
                raise refusal(action, migration.playbook.name)


def refusal(action: Action, playbook: str) -> Blocked:
    """The error for an action that cannot be carried out."""
    return Blocked(
        f"step {action.step!r} cannot go well, and nothing was written",
        subject=f"{action.kind} {action.key}",
        why=action.reason,
        next=f"mend it, then look again: cmkmigrate plan {playbook}",
    )
