"""What the launcher may change in a child before the command runs: deaths at the ledger, and mistakes in a kind."""

from __future__ import annotations

import itertools
import os
import signal
from typing import Any


def apply(text: str) -> None:
    """Carry out `NAME:ARGUMENT...`."""
    name, *arguments = text.split(":")
    {
        "die_at_result": die_at_result,
        "server_owned": server_owned,
        "every_host_is_ours": every_host_is_ours,
        "look_often": look_often,
    }[name](*arguments)


def die_at_result(number: str) -> None:
    """SIGKILL this process when the result of its n-th write (from 1) is about to go to the ledger."""
    from cmkmigrate.run.writer import Writer

    send, counted, wanted = Writer.send, itertools.count(1), int(number)

    def dying(self: Any, statement: Any, rows: Any = None) -> None:
        if _is_result(statement, rows) and next(counted) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        send(self, statement, rows)

    Writer.send = dying  # type: ignore[method-assign]


def every_host_is_ours() -> None:
    """Take the allow-list of hosts away."""
    from cmkmigrate.clients.endpoints import Endpoints

    endpoints: Any = Endpoints
    endpoints.allowed = lambda self, url: True


def _is_result(statement: Any, rows: Any) -> bool:
    """Whether a statement says of an item that its write was answered."""
    if getattr(getattr(statement, "table", None), "name", "") != "item":
        return False
    values = {name.removeprefix("new_"): value for name, value in rows.items()} if isinstance(rows, dict) else {}
    state = str(values.get("state"))
    return state == "made" or (state == "done" and "ours" in values)  # what was found equal is done, and not made


def server_owned(fields: str) -> None:
    """Call fields the server's, so that they are neither sent nor compared: `KIND=FIELD,KIND=FIELD...`."""
    from cmkmigrate.kinds import discover

    for pair in fields.split(","):
        kind, _, field = pair.partition("=")
        cls: Any = type(discover()[kind])
        cls.server_owned = frozenset(cls.server_owned) | {field}


def look_often(seconds: str) -> None:
    """Look each `seconds` whether what earlier steps made can still be used."""
    from cmkmigrate.engine import lasting

    lasting.LOOK_S = float(seconds)  # type: ignore[misc]
