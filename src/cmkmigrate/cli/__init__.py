"""The command line: one file per command. Parse, call, render, exit; errors are caught here and nowhere below.

Nothing heavy is imported before a command runs: no SDK, no SQLAlchemy, no pydantic, no rich.
"""

from __future__ import annotations

import signal
import threading

# Ctrl-C while this is imported ends the process by the signal itself: raised amid an import, KeyboardInterrupt may come
# out of it as another error, which would look like a defect. `main` has a handler of its own.
_before = signal.getsignal(signal.SIGINT)
_early = _before is signal.default_int_handler and threading.current_thread() is threading.main_thread()
if _early:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from cmkmigrate.cli.entry import app, main  # noqa: E402

if _early:
    signal.signal(signal.SIGINT, _before)

__all__ = ["app", "main"]
