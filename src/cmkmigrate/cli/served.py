"""Starting the sandbox in this process, with its mistakes told as ours are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmkmigrate.errors import Mistake


def serve(
    estates: Sequence[str],
    *,
    port: int,
    env_file: Path | None,
    params_file: Path | None,
    log: Path | None,
    limits: str,
    faults: Path | None,
) -> int:
    """Serve until a signal. Raises Mistake for an estate, a limit or a fault that cannot be understood."""
    from cmkmigrate.sandbox import faults as rules
    from cmkmigrate.sandbox import server

    try:
        wanted = rules.load(str(faults)) if faults else []
        server.serve(
            list(estates), port=port, limits=limits, faults=wanted, log=log, env_file=env_file, params_file=params_file
        )
    except ValueError as error:  # BadEstate and BadRule are ValueErrors
        raise Mistake("the sandbox cannot be started", why=str(error), next="cmkmigrate sandbox up --help") from None
    except OSError as error:
        why = f"{error.strerror or error}{': ' + str(error.filename) if error.filename else ''}"
        raise Mistake("the sandbox cannot be started", why=why, next="another --port, or another file") from None
    return 0
