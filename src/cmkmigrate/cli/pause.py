"""`cmkmigrate pause`: take no new work, until somebody says continue."""

from __future__ import annotations

import sys

from cmkmigrate.cli import common

NAME = "pause"
EXAMPLES = """\b
Examples:
  cmkmigrate pause runs/analytics                      from another terminal, while apply runs
"""


def command(directory: common.Directory = None) -> int:
    """Let a running apply begin nothing new; `continue` lets it go on. What is under way is finished."""
    from cmkmigrate.engine.apply import holder

    ledger = common.at_work(directory)
    ledger.ask({"pause": holder()})
    print(f"Paused as soon as what is under way is done: cmkmigrate continue {ledger.directory}", file=sys.stderr)
    return 0
