"""A parent process that imports the command line once and forks a child for every command.

A command that is started two hundred times in a test run would otherwise spend most of its time importing SDKs. The
parent has one thread, so forking it is safe. It reads one JSON object per line and answers with one:

{"do": "fork", "argv", "cwd", "env", "stdout", "stderr", "patch"}  -> {"pid"}     the child waits for its start
{"do": "go", "pid"}                                                -> {}
{"do": "wait", "pid", "seconds"}                                   -> {"code"}    minus the signal; null: still at work

`patch` is `NAME:ARGUMENT...` of `patches.py` here, applied in the child alone.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import threading
import time
from typing import Any

HEAVY = (
    "azure.identity",
    "azure.keyvault.keys",
    "azure.mgmt.authorization",
    "azure.mgmt.databricks",
    "azure.mgmt.keyvault",
    "databricks.sdk",
    "jinja2",
    "requests",
    "sqlalchemy.dialects.sqlite",
)


def warm() -> None:
    """Import everything that a command may need."""
    import cmkmigrate

    for info in pkgutil.walk_packages(cmkmigrate.__path__, "cmkmigrate."):
        if not info.name.startswith("cmkmigrate.sandbox") and not info.name.endswith("__main__"):
            importlib.import_module(info.name)
    from cmkmigrate.kinds import discover

    discover()
    for name in HEAVY:
        importlib.import_module(name)
    if threading.active_count() != 1:
        raise RuntimeError(f"importing started threads: {threading.enumerate()}")


def child(order: dict[str, Any], start: int) -> None:
    """Run one command; does not come back."""
    code = 70
    try:
        os.read(start, 1)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdin = os.fdopen(0, "r", closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        if order.get("patch"):
            from tests import patches

            patches.apply(order["patch"])
        from cmkmigrate.cli import main

        code = main(order["argv"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc(file=sys.stderr)
        sys.stderr.flush()
    finally:
        os._exit(code)


def wait(pid: int, seconds: float) -> int | None:
    """The exit code of a child, minus the signal that ended it; None when it is still at work after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.005)


def serve() -> None:
    """Answer orders until there are no more."""
    warm()
    orders, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    starts: dict[int, int] = {}
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in orders:
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if order["do"] == "fork":
            start, go = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(go)
                child(order, start)
            os.close(start)
            starts[pid] = go
            answer = {"pid": pid}
        elif order["do"] == "go":
            go = starts.pop(order["pid"])
            os.write(go, b"x")
            os.close(go)
        elif order["do"] == "wait":
            answer = {"code": wait(order["pid"], order["seconds"])}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
