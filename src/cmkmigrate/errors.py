"""The errors of cmkmigrate: those a person reads, and those a call ends with.

An `OperatorError` ends a command. It says what went wrong, with which object, why, and what to type next; the class
gives the exit code of `docs/reference/exit-codes.md`. A `CallError` is how one request ended; clients raise it, kinds
let it pass, the engine decides what it means for the item. Nothing else crosses a layer.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cmkmigrate.redaction import without_secrets, without_values


class OperatorError(Exception):
    """Ends a command. `what` happened, to which `subject`, `why`, and what to do `next` (each one line)."""

    exit_code: ClassVar[int] = 1
    usual: ClassVar[str] = ""  # what to do next, where nothing better is known

    def __init__(self, what: str, *, subject: str = "", why: str = "", next: str = "") -> None:
        super().__init__(what)
        self.what, self.subject, self.why, self.next = what, subject, without_secrets(why), next or self.usual


class Incomplete(OperatorError):
    """Something failed or differs, and the rest is done (exit 3)."""

    exit_code = 3


class NotAllowed(OperatorError):
    """Signing in failed, or a right is missing from the start (exit 4)."""

    exit_code = 4


class Stopped(OperatorError):
    """The command stopped where it can be resumed, or typed again: a gate, a window, a service that does not answer, a
    step that failed, a right or a key that was taken away in its middle, a disk that is full (exit 5)."""

    exit_code = 5


class Unwritable(Stopped):
    """The ledger cannot be written (exit 5): of whatever else was found, nothing was kept."""


class Blocked(OperatorError):
    """Something must be mended before anything is written (exit 6)."""

    exit_code = 6


class Fatal(OperatorError):
    """Resuming will not help: a stale or edited plan, a run of another migration (exit 7)."""

    exit_code = 7


class LockHeld(OperatorError):
    """Somebody else is at work on this run, or on this pair of workspaces (exit 11)."""

    exit_code = 11


class Mistake(OperatorError):
    """A mistake in the command, the playbook or the parameters (exit 64)."""

    exit_code = 64
    usual = "correct it; `cmkmigrate COMMAND --help` says what the command takes"


class CallError(Exception):
    """How a request ended when it did not end well. `code` is the service's error code, `status` the HTTP status."""

    def __init__(self, message: str, *, status: int = 0, code: str = "", request_id: str = "") -> None:
        message = without_secrets(message)
        super().__init__(message)
        self.message, self.status, self.code, self.request_id = message, status, code, request_id

    def unquote(self, sent: Any) -> None:
        """Take out of the message what the body of its request holds under names that speak of secrets."""
        self.message = without_values(self.message, sent)
        self.args = (self.message,)

    def __str__(self) -> str:
        head = " ".join(part for part in (str(self.status or ""), self.code) if part)
        return f"{head}: {self.message}" if head else self.message


def told(error: OperatorError | CallError) -> str:
    """An error in one line: what, with which object, and why."""
    if isinstance(error, CallError):
        return str(error)
    head = f"{error.what}: {error.subject}" if error.subject else error.what
    return f"{head}: {error.why}" if error.why else head


class Refused(CallError):
    """The service said no before doing anything (a 4xx that is none of the following)."""


class NotFound(Refused):
    """There is no such thing."""


class AlreadyExists(Refused):
    """The name, path or id is taken."""


class Denied(Refused):
    """The caller may not (401, 403)."""


class Throttled(CallError):
    """Too many requests, nothing was done (429). `retry_after` in seconds, 0.0 when the service named none."""

    def __init__(self, message: str, *, retry_after: float = 0.0, status: int = 429, code: str = "") -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after


class Anew(Throttled):
    """Nothing was done, for a reason of our own: it has to be noted anew and sent again."""


class Unknown(CallError):
    """Nobody knows whether it took effect: a lost or unreadable answer, a timeout, a 5xx."""


class NotYet(CallError):
    """Refused before any effect, and expected to be accepted later (a grant that has not taken effect)."""


class Ungranted(NotYet):
    """Refused for want of a right that a grant made a moment ago may yet give; older grants are not waited for."""
