"""Exchanges as the sandbox wrote them down, and what a judge says of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VENDORS = ("cmkmigrate/", "azsdk-python-", "databricks-sdk-py/", "unknown/")  # how the clients' agents begin


@dataclass
class Exchange:
    """One request and its answer; `count` is for how many of the same shape it stands. Status 0: no answer."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    request: Any
    status: int
    answer: Any
    agent: str = ""
    type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    key: str = ""
    count: int = 1

    @property
    def by_product(self) -> bool:
        """Its calls of Graph go out under the name of the library that it uses."""
        plain = self.host.startswith("graph.") and self.agent.startswith("python-requests/")
        return plain or "cmkmigrate/" in self.agent

    @property
    def by_client(self) -> bool:
        """Sent by the product or by a vendor's client; the rest is typed by tests, nonsense among it on purpose."""
        return self.by_product or self.agent.startswith(VENDORS)

    @property
    def made_by_fault(self) -> bool:
        return bool(self.fault) or "x-sandbox-fault" in self.headers


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the definition has it."""

    operation: str
    side: str  # request | answer
    rule: str  # status, name, required, read-only, type, value, schema, query, path
    at: str  # the path in the body, items of lists as []
    text: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.side}: {self.rule}: {self.at or '(whole)'}: {self.text}"


@dataclass
class Verdict:
    """What is said of an exchange. Without a definition nothing is; `answer` is None where none was judged."""

    operation: str
    source: str = ""  # which definition; "" none
    request: list[Finding] | None = None
    answer: list[Finding] | None = None

    @property
    def findings(self) -> list[Finding]:
        return [*(self.request or ()), *(self.answer or ())]


def read(folder: Path) -> list[Exchange]:
    """All exchanges of a folder, the same of several processes as one. Raises OSError, ValueError."""
    found: dict[str, Exchange] = {}
    for path in sorted(folder.glob("*.jsonl")):
        seen: dict[str, int] = {}
        for line in _lines(path):
            key = str(line["key"])
            seen[key] = max(seen.get(key, 1), int(line.get("seen", 1)))
            if "method" in line and key not in found:
                found[key] = Exchange(**line, count=0)
        for key, number in seen.items():
            found[key].count += number
    return list(found.values())


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").split("\n"):  # a name may hold what else ends a line
        if line.endswith("}"):  # the last one of a process that was killed may be torn
            yield json.loads(line)
