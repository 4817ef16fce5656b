"""`cmkmigrate continue`: take the pause back."""

from __future__ import annotations

import sys

from cmkmigrate.cli import common

NAME = "continue"
EXAMPLES = """\b
Examples:
  cmkmigrate continue runs/analytics
"""


def command(directory: common.Directory = None) -> int:
    """Let a paused apply take work again."""
    ledger = common.at_work(directory)
    ledger.ask({"pause": ""})
    print("It goes on within seconds, unless a file that --pause-file names still holds it.", file=sys.stderr)
    return 0
