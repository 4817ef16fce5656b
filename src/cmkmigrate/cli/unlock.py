"""`cmkmigrate unlock`: take the lock from somebody who is gone."""

from __future__ import annotations

import sys

from cmkmigrate.cli import common
from cmkmigrate.errors import Mistake, Stopped

NAME = "unlock"
EXAMPLES = """\b
Examples:
  cmkmigrate unlock runs/analytics
"""


def command(directory: common.Directory = None, auto_approve: common.Approve = False) -> int:
    """Free a run whose holder is gone. Shows who holds it, and asks.

    Whoever held it can write nothing more to the run: its ledger refuses an older lock.
    """
    from cmkmigrate.engine.apply import holder
    from cmkmigrate.engine.standing import holder_of

    ledger = common.open_run(directory)
    held = holder_of(ledger)
    if held is None:
        print(f"Nobody holds {ledger.directory}.", file=sys.stderr)
        return 0
    alive = "it may still be at work" if held.alive else "that process is gone"
    who = f"{held.name}, process {held.pid} on {held.host}, last sign of life {held.silent_s:.0f} s ago; {alive}"
    print(f"{ledger.directory} is held by {who}.", file=sys.stderr)
    if not auto_approve:
        if not common.asking():
            raise Mistake("there is nobody to ask", why="this is not a terminal", next="add --auto-approve")
        if not common.ask("Take the lock away? Only `yes` does:", "yes"):
            raise Stopped("not agreed, the lock is where it was")
    with ledger.locked(holder(), force=True):
        pass
    print(f"Free. To go on: cmkmigrate resume {ledger.directory}", file=sys.stderr)
    return 0
