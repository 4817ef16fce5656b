"""`cmkmigrate abort`: end a running apply in good order."""

from __future__ import annotations

import sys

from cmkmigrate.cli import common

NAME = "abort"
EXAMPLES = """\b
Examples:
  cmkmigrate abort runs/analytics                      ends with 5; `resume` goes on
"""


def command(directory: common.Directory = None) -> int:
    """End a running apply in good order; `resume` goes on."""
    from cmkmigrate.engine.apply import holder

    ledger = common.at_work(directory)
    ledger.ask({"abort": holder()})
    print(f"It ends when what is under way is done. To go on: cmkmigrate resume {ledger.directory}", file=sys.stderr)
    return 0
