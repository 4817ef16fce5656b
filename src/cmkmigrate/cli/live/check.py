"""What a check is, and how its answer is judged: by what the sandbox answers to the same question, and nothing else.

That is in expected.json, scrubbed. tests/cli/test_selftest.py puts all questions to a sandbox and holds the file to the
answers; after a change of the sandbox they are copied from the report of `cmkmigrate selftest --compute --out FILE`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmkmigrate.cli.live.ground import Ground

Seen = dict[str, Any]


@cache
def _expected() -> dict[str, Seen]:
    found: dict[str, Seen] = json.loads(Path(__file__).with_name("expected.json").read_text("utf-8"))
    return found


class NotSettled(Exception):
    """The question could not be put here; the message says why."""


class Verdict(StrEnum):
    """What came of a check."""

    SAME = "as the sandbox"
    DIFFERS = "differs"
    OPEN = "not settled"


@dataclass(frozen=True, slots=True)
class Check:
    """One question.

    point: the number of the open point in docs/selftest.md; 0 for what the tool itself owes. question: what is asked.
    makes: what it makes or changes on the ground. ask: puts the question; gives what was seen, raises NotSettled,
    CallError, OperatorError. needs: "compute", "second location", or nothing.
    """

    id: str
    point: int
    question: str
    makes: str
    ask: Callable[[Ground], Seen]
    needs: str = ""

    @property
    def expected(self) -> Seen:
        """What the sandbox answers, scrubbed."""
        return _expected().get(self.id, {})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check. seen: scrubbed. why: of what is not settled."""

    check: Check
    verdict: Verdict
    seen: Seen = field(default_factory=dict)
    why: str = ""

    @property
    def differs(self) -> list[str]:
        """What is not as the sandbox has it."""
        names = [*self.check.expected, *(name for name in self.seen if name not in self.check.expected)]
        return [name for name in names if self.seen.get(name) != self.check.expected.get(name)]

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        one = self.check
        body: dict[str, Any] = {"id": one.id, "point": one.point, "question": one.question}
        body |= {"verdict": str(self.verdict), "sandbox": dict(one.expected), "seen": self.seen}
        return body | {"differs": self.differs if self.verdict is Verdict.DIFFERS else [], "why": self.why}


def judged(check: Check, seen: Seen) -> Result:
    """The result of a check that was answered."""
    result = Result(check, Verdict.SAME, seen)
    return Result(check, Verdict.DIFFERS, seen) if result.differs else result
