"""`cmkmigrate sandbox`: Azure and Databricks on this machine, and a whole migration shown on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format

app = typer.Typer(
    help="Azure and Databricks on this machine alone.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
UP_EXAMPLES = """\b
Examples:
  cmkmigrate sandbox up --env-file sandbox.env --params-file sandbox.yaml
  . ./sandbox.env && cmkmigrate plan cmk-migration --params sandbox.yaml     (in another terminal)
  cmkmigrate sandbox up --estate generate:500 --limits documented
"""


@app.command(epilog=UP_EXAMPLES)
def up(
    estate: Annotated[
        list[str] | None,
        typer.Option(
            "--estate",
            metavar="DIR|NAME|generate:N",
            help="What the old workspace holds. Repeatable: one workspace each.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port on loopback; 0 takes a free one.")
    ] = 0,
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", metavar="FILE", help="Shell lines that point the tool here; written once ready."),
    ] = None,
    params_file: Annotated[
        Path | None, typer.Option("--params-file", metavar="FILE", help="Parameters for the shipped playbooks.")
    ] = None,
    log: Annotated[Path | None, typer.Option("--log", metavar="FILE", help="One JSON line for each request.")] = None,
    limits: Annotated[
        str, typer.Option("--limits", metavar="off|documented|xN", help="Whether too many requests are refused.")
    ] = "off",
    faults: Annotated[
        Path | None,
        typer.Option("--faults", metavar="FILE", help="What shall go wrong, as JSON; docs/sandbox.md has examples."),
    ] = None,
) -> int:
    """Start a sandbox and serve until Ctrl-C. Nothing leaves this machine."""
    from cmkmigrate.cli.served import serve

    return serve(
        estate or ["small"],
        port=port,
        env_file=env_file,
        params_file=params_file,
        log=log,
        limits=limits,
        faults=faults,
    )


@app.command()
def demo(output: common.Output = Format.TABLE) -> int:
    """Show a whole migration on a sandbox: audit, plan, apply (killed once), status, resume, verify, report.

    Ends with 0 when every command returned what it should.
    """
    from cmkmigrate.cli.demo import show

    common.only(output, Format.TABLE, Format.JSON)
    return show(as_json=output is Format.JSON)
