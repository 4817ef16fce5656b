"""`cmkmigrate selftest`: ask a cloud what nobody has confirmed, and compare with what the sandbox takes for true."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import CallError, Denied, Mistake, NotAllowed, Stopped
from cmkmigrate.render import selftest as render

if TYPE_CHECKING:
    from cmkmigrate.cli.live.ground import Ground

NAME = "selftest"
DIFFERS = 3
REPORT: Final = "cmkmigrate-selftest.json"
SUBSCRIPTION: Final = "CMKMIGRATE_LIVE_SUBSCRIPTION"
LOCATION: Final = "CMKMIGRATE_LIVE_LOCATION"
SECOND: Final = "CMKMIGRATE_LIVE_SECOND_LOCATION"
COMPUTE: Final = "CMKMIGRATE_LIVE_COMPUTE"
EXAMPLES = """\b
Examples:
  cmkmigrate selftest                                                        on the sandbox, on this machine
  cmkmigrate selftest --live --subscription ID --location westeurope         on Azure: says what it costs, and asks
"""


def command(
    live: Annotated[
        bool, typer.Option("--live", help="Ask Azure, in a new resource group of your subscription. Costs money.")
    ] = False,
    subscription: Annotated[
        str, typer.Option("--subscription", metavar="ID", envvar=SUBSCRIPTION, help="Where the group is made.")
    ] = "",
    location: Annotated[
        str, typer.Option("--location", metavar="REGION", envvar=LOCATION, help="Region of all that is made.")
    ] = "",
    second_location: Annotated[
        str,
        typer.Option(
            "--second-location",
            metavar="REGION",
            envvar=SECOND,
            help="Another region: asks about a key that lies there. A second vault stays behind deleted.",
        ),
    ] = "",
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="QUESTION", help="Only this one. Repeatable.")
    ] = None,
    compute: Annotated[
        bool,
        typer.Option("--compute", envvar=COMPUTE, help="Start clusters of one machine, too; that costs more."),
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help=f"Where the scrubbed report is written; with --live always, to {REPORT}."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before anything is made.")] = False,
    output: common.Output = Format.TABLE,
) -> int:
    """Ask a cloud what nobody has settled, and compare with the sandbox.

    Without --live the cloud is the sandbox, started for this on your machine: that shows what is asked and how it is
    told, and nothing about Azure. With it a resource group is made, and deleted at the end.
    Ends with 3 where an answer differs, or was not got.
    """
    common.only(output, Format.TABLE, Format.JSON)
    if not live:
        return _rehearse(only or [], compute, str(Path(out).absolute()) if out else "", output)
    if not subscription or not location:
        missing = " and ".join(
            flag for flag, value in (("--subscription", subscription), ("--location", location)) if not value
        )
        raise Mistake(
            f"{missing} must be given",
            why="it makes things in your subscription",
            next=f"or set {SUBSCRIPTION} and {LOCATION}",
        )
    if second_location == location:
        raise Mistake("--second-location is the same region", subject=location)
    out = REPORT if out is None else out
    return _live(subscription, location, second_location, only or [], compute, out, yes, output)


def _rehearse(only: list[str], compute: bool, out: str, output: Format) -> int:
    """The same command against a sandbox of its own."""
    from cmkmigrate.cli.demo import sandbox

    _say("On the sandbox: nothing reaches Azure, nothing is billed. What follows is what --live would say and ask.\n")
    with (
        tempfile.TemporaryDirectory(prefix="cmkmigrate-selftest-") as name,
        sandbox(Path(name), lambda line: None) as environment,
    ):
        words = ["selftest", "--live", "--yes", "--out", out, "--output", str(output), "--location", "westeurope"]
        words += ["--second-location", "northeurope", "--subscription", environment["AZURE_SUBSCRIPTION_ID"]]
        words += ["--compute"] if compute else []
        words += [word for one in only for word in ("--only", one)]
        command = [sys.executable, "-m", "cmkmigrate", *words]
        return subprocess.run(command, cwd=name, env=dict(environment), check=False).returncode


def _live(
    subscription: str, location: str, second: str, only: list[str], compute: bool, out: str, yes: bool, output: Format
) -> int:
    from cmkmigrate.cli.live import run
    from cmkmigrate.cli.live.check import Verdict
    from cmkmigrate.cli.live.ground import Ground
    from cmkmigrate.clients.cloud import Cloud

    cloud = Cloud.from_env(os.environ)
    checks = run.asked(second, compute, only)
    ground = Ground(cloud, subscription, location, second, compute)
    if out and not os.access(Path(out).absolute().parent, os.W_OK):
        raise Mistake("the report could not be written there", subject=out, next="name another file with --out")
    for line in run.announcement(
        ground.group, ground.delete, run.asked(second, compute), whole=not only, compute=compute
    ):
        _say(line)
    _agree(ground.group, yes)
    results: list[dict[str, Any]] = []
    try:
        try:
            _begin(ground)
            for result in run.put(ground, checks, lambda text: _say(f"? {text}")):
                results.append(result.as_dict())
                if output is Format.TABLE:
                    print("\n".join(render.line(results[-1])), flush=True)
        finally:
            for text in ground.clean():
                _say(f"- {text}")
            for text in ground.left:
                _say(f"! {text}")
    finally:
        body = render.body(__version__, _cloud(cloud.endpoints.arm), results, run.not_asked(checks))
        if results and out:
            common.write_private(Path(out), render.document(body) + "\n")
            _say(f"Report, without names and ids: {out}")
    print(render.document(body) if output is Format.JSON else "\n".join(render.end(body)))
    return 0 if len(results) == len(checks) and all(one["verdict"] == Verdict.SAME for one in results) else DIFFERS


def _agree(group: str, yes: bool) -> None:
    """The word that must be typed before anything is made. Raises Mistake, Stopped."""
    if yes:
        return
    if not common.asking():
        raise Mistake("there is nobody to ask", why="this is not a terminal", next="add --yes")
    if not common.ask(f"\nType {group} to go on:", group):
        raise Stopped("not agreed, nothing was made", next="the same command again")


def _begin(ground: Ground) -> None:
    try:
        ground.begin()
    except Denied as error:
        next = f"somebody who may: az role assignment create --role Owner --scope /subscriptions/{ground.site.id}"
        raise NotAllowed(
            "the resource group may not be made", subject=ground.group, why=str(error), next=next
        ) from None
    except CallError as error:
        raise Stopped(
            "the resource group cannot be made", subject=ground.group, why=str(error), next="look at the error"
        ) from None


def _cloud(arm: str) -> str:
    """The name of the cloud that was asked; one of one's own is not named."""
    from cmkmigrate.clients.endpoints import Endpoints

    names = {"public": "Azure", "usgov": "Azure US Government", "china": "Azure China"}
    for name, title in names.items():
        environ: Mapping[str, str] = {"CMKMIGRATE_CLOUD": name}
        if Endpoints.from_env(environ).arm == arm:
            return title
    return "another cloud than Azure (CMKMIGRATE_ARM leads to it)"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
