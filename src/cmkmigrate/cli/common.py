"""What commands share: their options, and opening playbooks, parameters, clouds and runs."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cmkmigrate import __version__
from cmkmigrate.errors import Fatal, Mistake, OperatorError, Stopped
from cmkmigrate.model import MOST

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration, Sites
    from cmkmigrate.playbook import Playbook
    from cmkmigrate.run.ledger import Ledger, Where

RUNS: Final = Path("cmkmigrate-runs")  # below the working directory, where no --run is given


class Format(StrEnum):
    """How data is written to standard output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class Depth(StrEnum):
    """How deep `verify` compares."""

    NAMES = "names"
    METADATA = "metadata"
    CONTENT = "content"


class OnConflict(StrEnum):
    """What is done to a thing that somebody else has changed, or made, in the target."""

    REPORT = "report"
    OVERWRITE = "overwrite"


Directory = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DIR]",
        help="Folder of the run, or its name in the shared state; without it the only one below ./cmkmigrate-runs.",
    ),
]
Params = Annotated[
    list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="One parameter; wins over the file. Repeatable.")
]
ParamsFile = Annotated[
    Path | None, typer.Option("--params", metavar="FILE", help="Parameters as a flat YAML file, `name: value`.")
]
Confirm = Annotated[
    list[str] | None,
    typer.Option("--confirm", metavar="STEP=TEXT", help="The word that a gate asks for. Repeatable."),
]
Output = Annotated[Format, typer.Option("-o", "--output", metavar="FORMAT", help="table, json, jsonl or csv.")]
Approve = Annotated[bool, typer.Option("--auto-approve", "-y", "--yes", help="Do not ask.")]
Conflict = Annotated[
    OnConflict,
    typer.Option(
        "--on-conflict",
        metavar="WHAT",
        help="What somebody else has changed, made or deleted in the target: report it and leave it, or overwrite.",
    ),
]
Parallelism = Annotated[
    int, typer.Option("--parallelism", metavar="N", min=1, max=MOST, help="Things under way at once, of each step.")
]


# --- what was typed ---------------------------------------------------------------------------------------------------


def only(output: Format, *possible: Format) -> None:
    """Refuse a format that a command does not have. Raises Mistake."""
    if output not in possible:
        raise Mistake(f"this command has no output as {output}", next=f"-o {' | '.join(possible)}")


def pairs(given: Iterable[str] | None, flag: str) -> dict[str, str]:
    """`NAME=VALUE` as a mapping. Raises Mistake."""
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Mistake(f"{text!r} is not NAME=VALUE", subject=flag)
        found[name] = value
    return found


def asking() -> bool:
    """Whether there is somebody to ask: a terminal on both sides."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, answer: str) -> bool:
    """Whether what is typed is `answer`. Only where `asking`."""
    print(f"{question} ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == answer


# --- playbooks and parameters -----------------------------------------------------------------------------------------


def read_params(file: Path | None, given: Iterable[str] | None, playbook: Playbook) -> dict[str, Any]:
    """The parameters of a file, and those of flags over them. Raises Mistake with file and line.

    One file serves several playbooks: what only another shipped one takes is left out of the file, and that is said.
    """
    from cmkmigrate.playbook import of_another
    from cmkmigrate.strict_yaml import line_of, read_yaml

    values: dict[str, Any] = {}
    if file is not None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or str(error)
            raise Mistake("the parameters cannot be read", subject=str(file), why=why) from None
        data, lines = read_yaml(text, str(file))
        if data is not None and not isinstance(data, dict):
            raise Mistake("parameters are a flat mapping, `name: value`", subject=f"{file}:1")
        for name, value in (data or {}).items():
            if isinstance(value, dict) or not isinstance(name, str):
                spot = f"{file}:{line_of(lines, (name,))}"
                raise Mistake(
                    f"{name!r} is not a parameter", subject=spot, why="a flat mapping, `name: value`, is expected"
                )
            values[name] = value
    others = [name for name in values if of_another(playbook, name)]
    if others:
        print(f"{file}: {playbook.name} does not take {', '.join(others)}: left out", file=sys.stderr)
    return {name: value for name, value in values.items() if name not in others} | pairs(given, "-p")


def load_playbook(name_or_path: str) -> Playbook:
    """A playbook by its name or path, checked. Raises Mistake."""
    from cmkmigrate import playbook
    from cmkmigrate.kinds import discover

    return playbook.load(name_or_path, discover())


def open_migration(
    playbook: Playbook,
    given: Mapping[str, Any],
    origin: str,
    *,
    reading: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Migration:
    """A migration whose sites are opened when they are needed. reading: none of them takes a write. environ: where the
    settings of the cloud are; that of the process by default. Sends nothing. Raises Mistake, for names too."""
    from cmkmigrate.clients.cloud import Cloud
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.engine.reading import ReadOnly
    from cmkmigrate.kinds import discover
    from cmkmigrate.playbook import fill_params

    params = fill_params(playbook, given, origin)
    cloud: Any = Cloud.from_env(os.environ if environ is None else environ)
    sites: Sites = ReadOnly(cloud) if reading else cloud
    found = Migration(playbook, params, discover(), sites)
    found.check()
    return found


def again(migration: Migration, *, reading: bool, environ: Mapping[str, str] | None = None) -> Migration:
    """The same migration with sites of its own."""
    return open_migration(migration.playbook, migration.params, "the parameters", reading=reading, environ=environ)


def migration_of(ledger: Ledger, *, reading: bool = False, environ: Mapping[str, str] | None = None) -> Migration:
    """The migration of a run, as its ledger has it. Raises Fatal when this version cannot read it."""
    return migration_from(ledger.meta(), ledger.directory, reading=reading, environ=environ)


def migration_from(
    meta: Mapping[str, str], directory: Path, *, reading: bool = False, environ: Mapping[str, str] | None = None
) -> Migration:
    """The migration that a ledger's `meta` is of. Raises Fatal when this version cannot read it."""
    from cmkmigrate import playbook
    from cmkmigrate.kinds import discover

    try:
        read = playbook.parse(meta["playbook"], meta["playbook_path"], discover())
        params = json.loads(meta["params"])
        migration = open_migration(read, params, str(directory), reading=reading, environ=environ)
    except (KeyError, ValueError) as error:
        why = f"it does not say what it is of: {error}"
        raise Fatal("the run cannot be read", subject=str(directory), why=why, next="restore it from a copy") from None
    except Mistake as error:
        why = f"written by version {meta.get('tool', '?')}, this is {__version__}: {error.what}"
        raise Fatal(
            "the run's playbook cannot be read",
            subject=str(directory),
            why=why,
            next="finish it with that version",
        ) from None
    if migration.identity != meta.get("identity"):
        raise Fatal(
            "the run is of another migration",
            subject=str(directory),
            why="its playbook or parameters were edited",
        )
    return migration


# --- runs -------------------------------------------------------------------------------------------------------------


def place(directory: Path) -> Where:
    """Where the run of this name is: in this folder, or in the shared state of CMKMIGRATE_STATE. Raises Mistake."""
    url = os.environ.get("CMKMIGRATE_STATE", "")
    if not url:
        return directory
    from cmkmigrate.run import postgres

    return postgres.named(url, str(directory))


def all_runs() -> list[Where]:
    """The runs that are found without a name: below ./cmkmigrate-runs, or all of the shared state."""
    url = os.environ.get("CMKMIGRATE_STATE", "")
    if not url:
        return [folder for folder in sorted(RUNS.glob("*")) if has_run(folder)]
    from cmkmigrate.run import postgres

    return list(postgres.runs(postgres.named(url, "").url))


def default_directory(migration: Migration) -> Path:
    """What the run of a migration is called when nobody says so: a folder, or a name in the shared state."""
    name = f"{migration.playbook.name}-{migration.identity}"
    return Path(name) if os.environ.get("CMKMIGRATE_STATE") else RUNS / name


def new_run(directory: Path, migration: Migration, *, preflight: str = "") -> Ledger:
    """A ledger for a migration that begins. It holds the parameters and no secret. preflight: its checks, as JSON."""
    from cmkmigrate.engine.apply import holder
    from cmkmigrate.run.ledger import Ledger

    meta = {
        "run": str(uuid.uuid4()),
        "playbook": migration.playbook.text,
        "playbook_path": migration.playbook.path,
        "params": json.dumps(migration.params, sort_keys=True),
        "identity": migration.identity,
        "source": migration.source_ref,
        "tool": __version__,
        "created": str(time.time()),
        "begun_by": holder(),
        "preflight": preflight,
    }
    return Ledger.create(place(directory), meta)


def has_run(directory: Path) -> bool:
    """Whether there is a ledger in the folder, or a run of this name. Raises what a shared state can raise."""
    from cmkmigrate.run.ledger import has_run

    return has_run(place(directory))


def open_run(directory: Path | None, *, unfinished: bool = False) -> Ledger:
    """The run in a folder, or the only one below ./cmkmigrate-runs. Raises Mistake, Fatal."""
    from cmkmigrate.run.ledger import Ledger

    if directory is not None:
        if not has_run(directory):
            why = "there is no such folder" if not directory.exists() else "it holds no ledger"
            why = f"the shared state has {listed(all_runs())}" if place(directory) != directory else why
            raise Mistake(
                "there is no run here",
                subject=str(directory),
                why=why,
                next="cmkmigrate apply PLAYBOOK --run DIR starts one",
            )
        return Ledger.open(place(directory))
    found = [Ledger.open(one) for one in all_runs()]
    if unfinished:
        found = [ledger for ledger in found if ledger.unfinished()]
    if len(found) == 1:
        return found[0]
    kind = "an unfinished run" if unfinished else "a run"
    home = "in the shared state" if os.environ.get("CMKMIGRATE_STATE") else f"below ./{RUNS}"
    if not found:
        raise Mistake(f"there is not {kind} {home}", next="name it, or start one: cmkmigrate apply PLAYBOOK")
    why = f"there are {listed(ledger.directory for ledger in found)}"
    raise Mistake(f"more than one run is {home}", why=why, next="name the one that you mean")


def listed(names: Iterable[Any]) -> str:
    """Names of runs, the first of them where they are many."""
    all = [str(name) for name in names]
    return ", ".join(all[:20]) + (f" and {len(all) - 20} more" if len(all) > 20 else "") if all else "none"


def at_work(directory: Path | None) -> Ledger:
    """The run in a folder (or the only one), which some process is at work on. Raises Mistake where none is."""
    from cmkmigrate.engine.standing import holder_of

    ledger = open_run(directory, unfinished=directory is None)
    held = holder_of(ledger)
    if held is None or not held.alive:
        raise Mistake(
            "nobody is at work on this run", subject=str(ledger.directory), next=f"cmkmigrate status {ledger.directory}"
        )
    return ledger


# --- writing files ----------------------------------------------------------------------------------------------------


def write_private(path: Path, text: str) -> None:
    """Write a file all at once, readable by its owner alone. Raises what `unwritable` gives."""
    from cmkmigrate.run.files import write_whole

    try:
        write_whole(path, text, "backslashreplace")
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> OperatorError:
    """The error for a file that cannot be written: Stopped where there is no room, Mistake for another reason."""
    from cmkmigrate.run.files import FULL, why

    next, what = "make room, then: the same command again", "the file cannot be written"
    if error.errno in FULL:
        return Stopped(what, subject=str(path), why=f"{why(error)}; nothing of it was left behind", next=next)
    return Mistake(what, subject=str(path), why=why(error), next="name another file")
