"""The lock in the target itself: a small file, made without overwriting, gone when the run lets go.

Two machines that share nothing still meet there. Assumption: `workspace/import` without `overwrite` is atomic (two
callers at once: one gets RESOURCE_ALREADY_EXISTS); nothing of the vendor's says otherwise.

It carries how often the run's lock had been taken (`serial`). A ledger that knows of fewer is an older copy, as its
later self was at work here and was killed.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from cmkmigrate.errors import (
    AlreadyExists,
    CallError,
    Denied,
    Fatal,
    LockHeld,
    NotAllowed,
    NotFound,
    Refused,
    Stopped,
    Throttled,
    Unknown,
)

PATH = "/Shared/.cmkmigrate-run"
RESUME = "cmkmigrate resume"
CHECK_S = 5.0  # how old the last look may be when something is written
_TRIES_S = (0.0, 1.0, 2.0, 4.0, 8.0)  # before each attempt
_LONGEST_S = 120.0  # however long a service that is too busy asks to wait


class Marker:
    """Holds the target for one run. `run` tells runs apart, `holder` is for people.

    serial: how often the run's lock was taken, with this time; 0 where nobody counts. about: what else of the run is
    worth finding again when its ledger is lost.
    """

    def __init__(
        self, site: Any, run: str, holder: str, serial: int = 0, about: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._site, self._run, self._holder, self._serial = site, run, holder, serial
        self._about = {**about, "by": uuid.uuid4().hex}  # by: tells two that counted the same apart
        self._seen = 0.0
        self._taken = False
        self._refused: Fatal | None = None
        self._lock = threading.Lock()

    def take(self) -> None:
        """Make the marker, or find our own. Raises LockHeld when another run is at work on the target, Fatal where it
        shows that the ledger is an older copy."""
        asked = 0.0
        for delay in _TRIES_S:
            time.sleep(max(delay, min(asked, _LONGEST_S)))
            try:
                self._leave(overwrite=False)
            except Throttled as error:
                asked = error.retry_after
            except Unknown:
                pass  # what became of it shows below
            except AlreadyExists:
                pass
            except Denied as error:
                raise NotAllowed(
                    "the run may not leave its marker in the target", subject=PATH, why=str(error), next=RESUME
                ) from error
            except Refused as error:
                raise Stopped(
                    "the target refuses the run's marker", subject=PATH, why=str(error), next=RESUME
                ) from error
            owner = self.owner()
            if owner is not None:
                self._judge(owner)
                return self._renew(owner)
        raise Stopped("the run could not leave its marker in the target", subject=PATH, next=RESUME)

    def _leave(self, *, overwrite: bool) -> None:
        text = json.dumps({**self._about, "run": self._run, "holder": self._holder, "serial": self._serial})
        content = base64.b64encode(text.encode()).decode()
        body = {"path": PATH, "format": "AUTO", "overwrite": overwrite, "content": content}
        self._site.write("POST", "/api/2.0/workspace/import", body)

    def _renew(self, owner: Mapping[str, Any]) -> None:
        """The run's marker is there, of this process or of an earlier one. Raises Fatal where it is a later one's."""
        if owner.get("by") == self._about["by"]:
            return
        there = _serial(owner)
        if there and there >= self._serial:
            raise Fatal(
                "the ledger is older than what was written with it",
                subject=self.where,
                why=f"the run's lock was taken {there} times there, {self._serial} times in this ledger, now included",
                next="put the newest copy of the whole folder back, or: cmkmigrate state repair RUN --old-copy",
            )
        if there < self._serial:
            with suppress(CallError):  # it is ours all the same; the next process sees an older count
                self._leave(overwrite=True)

    def guard(self) -> None:
        """Before a write: take the marker if that was not done yet, look again if the last look is too old.

        Raises LockHeld when the marker is another run's or gone.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            if not self._taken:
                self._taken = True
                try:
                    self.take()
                except Fatal as error:  # it stays where it is, as what is to be seen
                    self._refused, self._taken = error, False
                    raise
            if time.monotonic() - self._seen < CHECK_S:
                return
            try:
                owner = self.owner()
            except CallError as error:
                raise Stopped("the run's marker cannot be read", subject=PATH, why=str(error), next=RESUME) from error
            self._judge(owner or {})

    @property
    def where(self) -> str:
        """The marker's path and its workspace, for people."""
        return f"{PATH} of {self._site.host}"

    def release(self) -> str:
        """As `clear`, where this process has taken it. A failure leaves it: the same run finds it again."""
        return self.clear() if self._taken else ""

    def clear(self) -> str:
        """Take away what this run has left, be it by a process that was killed; why it may still be there, "" where it
        is not. A marker that stays keeps others out of the target, so that what was refused or lost is tried again,
        after a look whether it is still there. One of a later process of the run is left to that: it took the run over
        and is at work."""
        self._taken, asked, why = False, 0.0, ""
        for delay in _TRIES_S:
            time.sleep(max(delay, min(asked, _LONGEST_S)))
            try:
                owner = self.owner() or {}
                if owner.get("run") == self._run and not 0 < self._serial < _serial(owner):
                    self._site.write("POST", "/api/2.0/workspace/delete", {"path": PATH})
                return ""
            except (Throttled, Unknown) as error:
                asked, why = getattr(error, "retry_after", 0.0), str(error)
            except CallError as error:
                return str(error)
        return why

    def _judge(self, owner: dict[str, Any]) -> None:
        if owner.get("run") != self._run:
            raise LockHeld(
                "another run is at work on this target" if owner else "this run's marker is gone from the target",
                subject=self.where,
                why=f"it is held by {owner.get('holder', 'an unknown run')}" if owner else "somebody removed it",
                next=f"finish that run, or delete {PATH} in the target if you know that it is gone",
            )
        self._seen = time.monotonic()

    def owner(self) -> dict[str, Any] | None:
        """Whose marker is in the target: its run and holder; None for none. Only reads. Raises CallError."""
        try:
            answer = self._site.read("/api/2.0/workspace/export", {"path": PATH, "format": "AUTO"})
        except NotFound:
            return None
        try:
            found = json.loads(base64.b64decode(answer.get("content", "")))
        except (ValueError, binascii.Error):
            found = {}
        return found if isinstance(found, dict) else {"holder": "somebody else"}


def _serial(owner: Mapping[str, Any]) -> int:
    """How often the run's lock had been taken when the marker was left; 0 where it does not say."""
    there = owner.get("serial")
    return there if isinstance(there, int) else 0
