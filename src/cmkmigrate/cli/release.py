"""`cmkmigrate release`: let a step begin that --hold-before holds."""

from __future__ import annotations

import sys

from cmkmigrate.cli import common
from cmkmigrate.errors import Mistake

NAME = "release"
EXAMPLES = """\b
Examples:
  cmkmigrate release runs/analytics                    from another terminal, while apply waits
"""


def command(directory: common.Directory = None) -> int:
    """Let the step begin that a running apply holds before. Only that one: the next that is held waits again."""
    from cmkmigrate.engine.apply import holder
    from cmkmigrate.engine.brake import RELEASE
    from cmkmigrate.engine.standing import standing

    ledger = common.at_work(directory)
    hand = standing(ledger).hand
    if hand is None or not hand.held_before:
        raise Mistake(
            "no step of this run is held now",
            subject=str(ledger.directory),
            next=f"cmkmigrate status {ledger.directory}",
        )
    ledger.ask({RELEASE: holder()})
    print(f"Step {hand.held_before} begins within seconds.", file=sys.stderr)
    return 0
