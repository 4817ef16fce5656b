"""What the commands share that look at every workspace of some subscriptions (`audit`, `assess`): options, output."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cmkmigrate.cli import common
from cmkmigrate.errors import CallError, Denied, Mistake, NotAllowed, Stopped

if TYPE_CHECKING:
    from cmkmigrate.run.ledger import Where

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Subscriptions = Annotated[
    list[str] | None, typer.Option("--subscription", metavar="ID", help="Only this one. Repeatable.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there; only its owner can read it.")]
Runs = Annotated[
    list[Path] | None,
    typer.Option("--runs", metavar="DIR", help="Runs of this tool, which know since when a key is on. Repeatable."),
]
Databricks = Annotated[
    str,
    typer.Option(
        "--databricks-object-id",
        metavar="ID",
        help="Object id of AzureDatabricks, where the directory may not be read.",
    ),
]


def check(databricks: str, runs: Iterable[Path] | None, subscriptions: Iterable[str] | None = None) -> list[Where]:
    """The runs to ask: those of these folders, and all of a shared state. Raises Mistake for what is no object id or id
    of a subscription, and for a folder that is not there; Stopped, NotAllowed where a shared state cannot be read."""
    if databricks and not _ID.fullmatch(databricks):
        raise Mistake(f"{databricks!r} is not an object id", subject="--databricks-object-id")
    for one in subscriptions or ():
        if not _ID.fullmatch(one):  # before it is in any URL
            why = "an id is 32 hex digits in five groups; a name is none"
            next = "az account list --query '[].[id,name]' -o table"
            raise Mistake(f"{one!r} is not the id of a subscription", subject="--subscription", why=why, next=next)
    for folder in runs or ():
        if not folder.is_dir():
            raise Mistake("there is no such folder", subject=str(folder), next="--runs DIR of a run, or of several")
    return [*(runs or ()), *(common.all_runs() if os.environ.get("CMKMIGRATE_STATE") else ())]


@contextmanager
def asking() -> Iterator[None]:
    """While the subscriptions are looked at: what that can end with, for people. Raises NotAllowed, Stopped."""
    try:
        yield
    except Denied as error:
        raise NotAllowed("the subscriptions may not be listed", why=str(error), next="az login") from None
    except CallError as error:
        raise Stopped("Azure does not answer", why=str(error), next="the same command again") from None


def write(title: str, lines: Iterable[str], out: Path | None) -> None:
    """To the file, which is then named, or to standard output. Raises Mistake, Stopped where it cannot be written."""
    if out:
        common.write_private(out, "".join(f"{line}\n" for line in lines))
        print(f"{title}: {out}", file=sys.stderr)
    else:
        for line in lines:
            print(line)
