"""`-o jsonl` of `apply` and `resume`: a line for each event, from the version to the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cmkmigrate import __version__
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import CallError, Denied, OperatorError, Stopped
from cmkmigrate.model import Event
from cmkmigrate.redaction import without_secrets
from cmkmigrate.render.events import Events
from cmkmigrate.render.text import json_line

INTERRUPTED = 130


class Lines:
    """Writes the lines of one command to standard output (docs/events.schema.json); none in another format. Where that
    cannot be written, each method raises Stopped.

    The version is written before the first of them, so that every line names the run as soon as there is one.
    """

    def __init__(self, output: Format, workspace: str) -> None:
        self.output, self._begun, self._ended, self._lost = output, False, False, False
        self._events = Events(workspace)
        self.run = ""

    def event(self, event: Event, done: int, total: int) -> None:
        """One event; done, total: of its kind in its step."""
        self._write(lambda events: events.event(event, done, total))

    def error(self, error: BaseException) -> None:
        """What ended the command early, and its exit code."""
        if isinstance(error, OperatorError):
            told, code = (error.what, error.subject, error.why, error.next), error.exit_code
        else:
            told = (
                "interrupted" if isinstance(error, KeyboardInterrupt) else "unexpected",
                "",
                without_secrets(str(error)),
                "",
            )
            other = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
            code = 4 if isinstance(error, Denied) else other
        self._write(lambda events: events.error(*told))
        self.end(code)

    def summary(self, counts: list[dict[str, Any]]) -> None:
        """What became of the source's objects so far."""
        self._write(lambda events: events.summary(counts))

    def end(self, code: int) -> None:
        """The exit code; nothing comes after it."""
        if not self._ended:
            self._write(lambda events: events.end(code))
        self._ended = True

    def _write(self, make: Any) -> None:
        if self.output is not Format.JSONL or self._lost:
            return
        self._events.run = self.run
        try:
            if not self._begun:
                print(json_line(self._events.version(__version__)), flush=True)
                self._begun = True
            print(json_line(make(self._events)), flush=True)
        except BrokenPipeError:
            raise  # nobody reads
        except OSError as error:
            from cmkmigrate.run.files import why

            self._lost = True  # a line after one that is missing would hide that it is
            next = "make room, or send it elsewhere, then: cmkmigrate resume"
            raise Stopped("standard output cannot be written", why=why(error), next=next) from None


@contextmanager
def lines(output: Format, workspace: str) -> Iterator[Lines]:
    """The lines of one command. workspace: the source. An error that ends it early is their end, too."""
    made = Lines(output, workspace)
    try:
        yield made
    except BrokenPipeError:
        raise  # nobody reads
    except (OperatorError, CallError, KeyboardInterrupt, Exception) as error:
        made.error(error)
        raise
