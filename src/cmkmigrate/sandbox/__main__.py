"""`python -m cmkmigrate.sandbox`: a sandbox in this process, with the flags of `cmkmigrate sandbox up`."""

from __future__ import annotations

import argparse
import sys

from cmkmigrate.sandbox import faults, server
from cmkmigrate.sandbox.loading import BadEstate
from cmkmigrate.sandbox.settings import Settings

MISTAKE, ERROR = 64, 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m cmkmigrate.sandbox",
        description="The clouds, offline: ARM, Entra, Graph, Key Vault, Databricks.",
    )
    made.add_argument(
        "--estate", action="append", default=[], metavar="DIR|NAME|generate:N", help="a workspace to serve; repeatable"
    )
    made.add_argument("--port", type=int, default=0, metavar="N", help="on loopback; 0 takes a free one (default)")
    made.add_argument("--env-file", metavar="FILE", help="written once ready: shell lines that point clients here")
    made.add_argument("--params-file", metavar="FILE", help="written once ready: parameters for the shipped playbooks")
    made.add_argument("--log", metavar="FILE", help="a JSON line per request")
    made.add_argument("--limits", default="off", metavar="off|documented|xN", help="rate limits (default: off)")
    made.add_argument("--faults", metavar="FILE", help="rules of what goes wrong, as JSON")
    made.add_argument(
        "--grant-delay", type=float, default=1.0, metavar="SECONDS", help="until a role assignment takes effect"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; gives the exit code."""
    given = parser().parse_args(arguments)
    try:
        rules = faults.load(given.faults) if given.faults else []
        server.serve(
            given.estate,
            port=given.port,
            limits=given.limits,
            faults=rules,
            log=given.log,
            env_file=given.env_file,
            params_file=given.params_file,
            settings=Settings(grant_delay_s=given.grant_delay),
        )
    except (BadEstate, faults.BadRule, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return MISTAKE
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
