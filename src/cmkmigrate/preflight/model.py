"""A check, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """From the best to the worst. UNKNOWN blocks exactly as FAIL does, unless somebody accepts it with a reason."""

    PASS = "pass"
    WARN = "warn"
    UNKNOWN = "unknown"
    FAIL = "fail"


_ORDER = list(Status)


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a check saw. evidence: what was read; fix: ONE command that mends it, ready to paste, "" for none;
    advice: what else to do, or what no command does; held: somebody else is at work, which is an error of its own."""

    status: Status
    evidence: str
    fix: str = ""
    advice: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """look: gives what it sees of a `ground.Ground`, at least one thing; it only reads. What it raises is unknown."""

    id: str
    title: str
    look: Callable[[Any], Iterable[Seen]]


@dataclass(slots=True)
class Result:
    """A check that was carried out; it has seen something. accepted: why an unknown one does not block, in the
    operator's words; what fails is not made good by words."""

    id: str
    title: str
    seen: list[Seen] = field(default_factory=list)
    accepted: str = ""

    @property
    def status(self) -> Status:
        """The worst of what was seen."""
        return max((one.status for one in self.seen), key=_ORDER.index)

    @property
    def blocks(self) -> bool:
        """Whether nothing may be written."""
        return self.status is Status.FAIL or (self.status is Status.UNKNOWN and not self.accepted)

    @property
    def worst(self) -> list[Seen]:
        """What decided the status."""
        return [one for one in self.seen if one.status is self.status]


def passed(evidence: str) -> Seen:
    """It holds, or does not matter here; the evidence says which."""
    return Seen(Status.PASS, evidence)


def warned(evidence: str, fix: str = "", advice: str = "") -> Seen:
    """It stops nothing, and somebody should know."""
    return Seen(Status.WARN, evidence, fix, advice)


def unknown(evidence: str, fix: str = "", advice: str = "") -> Seen:
    """It could not be found out."""
    return Seen(Status.UNKNOWN, evidence, fix, advice)


def taken(evidence: str, fix: str, advice: str) -> Seen:
    """Somebody else is at work there."""
    return Seen(Status.FAIL, evidence, fix, advice, held=True)


def failed(evidence: str, fix: str = "", advice: str = "") -> Seen:
    """It does not hold."""
    return Seen(Status.FAIL, evidence, fix, advice)
