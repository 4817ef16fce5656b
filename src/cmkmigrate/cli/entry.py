"""The root command, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import (
    abort,
    apply,
    assess,
    audit,
    doctor,
    go_on,
    logs,
    pause,
    plan,
    release,
    report,
    resume,
    runs,
    sandbox,
    selftest,
    state,
    status,
    unlock,
    verify,
    version,
)
from cmkmigrate.cli import help as pages
from cmkmigrate.cli import set as setting
from cmkmigrate.errors import CallError, Denied, OperatorError, Stopped
from cmkmigrate.redaction import without_secrets
from cmkmigrate.render.text import plain
from cmkmigrate.run.files import FULL, why

USAGE = 64
INTERRUPTED = 130
_DONE = (0, 2, 3)  # codes of a command that came to its end
# What typer raises for a mistake on the command line, whichever library it parses with.
UsageError: Any = typer.BadParameter.__mro__[1]

_interrupted = threading.Event()  # by a signal; whoever caught the exception may have made another of it

EXAMPLES = """Puts the data of Azure Databricks under your own key: in place, or in a new workspace.

\b
Examples:
  cmkmigrate sandbox demo                                        watch a whole migration, on this machine alone
  cmkmigrate audit                                               which workspaces are not under your key
  cmkmigrate assess                                              what each of them needs, and what is in the way
  cmkmigrate doctor cmk-migration --params FILE                  what must hold first, and what mends it
  cmkmigrate plan cmk-migration --params FILE                    what would be done; writes nothing
  cmkmigrate apply cmk-migration --params FILE --auto-approve    do it; `resume` goes on after any stop
"""

app = typer.Typer(
    name="cmkmigrate",
    help=EXAMPLES,
    rich_markup_mode=None,  # rich would cost more than everything else of `--help`
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    audit, assess, doctor, plan, apply, resume,
    status, logs, pause, go_on, setting, release, abort, verify, report, unlock,
):  # fmt: skip
    app.command(name=module.NAME, epilog=module.EXAMPLES)(module.command)
app.add_typer(runs.app, name="runs")
app.add_typer(state.app, name="state")
app.add_typer(sandbox.app, name="sandbox")
app.command(name=selftest.NAME, epilog=selftest.EXAMPLES)(selftest.command)
app.command(name=version.NAME)(version.command)
app.command(name=pages.NAME, epilog=pages.EXAMPLES)(pages.command)


def _print_version(value: bool) -> None:
    if value:
        print(f"cmkmigrate {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show each request with its id, and where an unexpected error came from."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code. Never raises but for what ends a process anyway."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words  # wherever it stands: it is what people add to the end of what they just typed
    words = [word for word in words if word != "--debug"]
    with _process(), _requests_shown(debug):
        return _arrived(_run(words, debug))


def _run(words: list[str], debug: bool) -> int:
    """One command, and the exit code of what it ended with."""
    try:
        command = typer.main.get_command(app)
        result = command.main(args=words, prog_name="cmkmigrate", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except OperatorError as error:
        _show(error)
        return error.exit_code
    except UsageError as error:
        _show_usage(error)
        return USAGE
    except CallError as error:
        _show(OperatorError("a request failed", why=str(error), next="the same command again"))
        if debug:
            _trace(error)
        return 4 if isinstance(error, Denied) else 1
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go(sys.stdout)  # nobody reads
        return 1
    except Exception as error:
        if _interrupted.is_set():  # raised amid an import, the interruption came out of it as this
            _say("Interrupted.")
            return INTERRUPTED
        if isinstance(error, OSError) and error.errno in FULL:
            return _no_room(error)
        if debug:
            _trace(error)
            return 1
        _say(f"Error: unexpected: {type(error).__name__}: {without_secrets(plain(str(error))).strip()[:300]}")
        _say("  next:   run again with --debug to see where, and report it")
        return 1


def _trace(error: BaseException) -> None:
    """Where an error came from: the traceback, without what looks like a secret in the words of its errors."""
    for line in without_secrets("".join(traceback.format_exception(error))).splitlines():
        _say(plain(line))


def _no_room(error: OSError) -> int:
    """Say what there is no room for; gives the exit code."""
    name = error.filename2 or error.filename  # a copy that fails names both
    what = "a file cannot be written" if name else "the output cannot be written"
    next = "make room, or send it elsewhere, then: the same command again"
    _show(Stopped(what, subject=str(name or ""), why=why(error), next=next))
    return Stopped.exit_code


def _arrived(code: int) -> int:
    """The exit code, once all that was written has arrived; another, where that is why nothing else is known."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _let_go(sys.stdout)  # nobody reads
        code = code or 1
    except OSError as error:
        _let_go(sys.stdout)
        code = _no_room(error) if code in _DONE else code
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _let_go(sys.stderr)
    return code


def _let_go(stream: Any) -> None:
    """Lead a stream that cannot be written to nowhere, with what is still in it: else the exit would try again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    stream.flush()


class _Line(logging.Formatter):
    """A line of the log that steers no terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(record.getMessage())


@contextmanager
def _requests_shown(wanted: bool) -> Iterator[None]:
    """Show a line for each request on stderr, where it is wanted (clients/trace.py says what is in it)."""
    log = logging.getLogger("cmkmigrate.http")
    log.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    if wanted:
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


@contextmanager
def _process() -> Iterator[None]:
    """What holds for the whole process: files are the owner's alone, its memory goes to no core file, libraries do not
    log, SIGTERM is Ctrl-C."""
    _interrupted.clear()
    _open_streams()
    before, cores = os.umask(0o077), resource.getrlimit(resource.RLIMIT_CORE)
    # 1 and not 0: it is too little for a core file, and ends one that goes to a program too (core(5), Linux 2.6.24).
    resource.setrlimit(resource.RLIMIT_CORE, (1 if cores[1] else 0, cores[1]))
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    main_thread = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if main_thread else ()
    handlers = {number: signal.signal(number, _interrupt) for number in numbers}
    looking = signal.signal(signal.SIGUSR1, _nothing_yet) if main_thread else None
    try:
        yield
    finally:
        os.umask(before)
        resource.setrlimit(resource.RLIMIT_CORE, cores)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if main_thread:
            signal.signal(signal.SIGUSR1, looking)


def _open_streams() -> None:
    """Have something at the numbers of the standard streams: a file that got 2 would be written what is said there."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)


def _interrupt(number: int, frame: Any) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def _nothing_yet(number: int, frame: Any) -> None:
    os.write(2, b"No run is under way here yet.\n")


def _show(error: OperatorError) -> None:
    _say(f"Error: {plain(error.what)}")
    for title, text in (("object", error.subject), ("why", error.why), ("next", error.next)):
        if text:
            _say(f"  {title + ':':<8}{plain(str(text))}")


def _show_usage(error: Any) -> None:
    context = getattr(error, "ctx", None)
    _say(f"Error: {plain(error.format_message())}")
    _say(f"  next:   {context.command_path if context else 'cmkmigrate'} --help")


def _say(line: str) -> None:
    with suppress(OSError):  # no room for it: the exit code tells
        print(line, file=sys.stderr)
