"""`cmkmigrate help`: of a command, or of exit codes."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from cmkmigrate import errors
from cmkmigrate.errors import Mistake

NAME = "help"
EXIT_CODES = "exit-codes"
EXAMPLES = """\b
Examples:
  cmkmigrate help apply
  cmkmigrate help exit-codes
"""
_MORE = {
    0: "All is well",
    2: "The plan has changes; only with --detailed-exitcode",
    130: "Interrupted; `resume` goes on",
}


def command(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command, or exit-codes.")] = None,
) -> None:
    """Show the help of a command, or the list of exit codes."""
    if words == [EXIT_CODES]:
        for code, text in sorted(exit_codes().items()):
            print(f"{code:>4}  {text}")
        return
    here: Any = context.parent
    for word in words or ():
        known = getattr(here.command, "commands", {})
        if word not in known:
            raise Mistake(
                f"there is no command {word!r}", why=f"there are {', '.join(known)}", next="cmkmigrate --help"
            )
        here = type(here)(known[word], info_name=word, parent=here)
    print(here.get_help())


def exit_codes() -> dict[int, str]:
    """Every exit code with its meaning, read off the error classes."""
    codes = dict(_MORE)
    for _, one in inspect.getmembers(errors, inspect.isclass):
        if issubclass(one, errors.OperatorError):
            text = inspect.cleandoc(one.__doc__ or "").split("(exit")[0].strip().rstrip(".")
            codes[one.exit_code] = text
    codes[errors.OperatorError.exit_code] = "An error that none of the others describes"
    return codes
