"""From exchanges to a table: what was judged by which definition, what was wrong, what nobody defines."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.evidence import azure, databricks, definitions, exceptions, recorded
from tests.evidence.exchange import Exchange, Finding, Verdict


def verdict_on(one: Exchange) -> Verdict:
    """What is said of one exchange."""
    if one.host.startswith("adb-"):
        return databricks.judge(one)
    if not definitions.present():
        return Verdict(f"{one.host.split('.')[0]} (definitions absent)")
    if kind := recorded.kind_of(one.path):
        return recorded.judge(one, kind)
    if ".vault." in one.host or ".managedhsm." in one.host:
        return azure.vault(one)
    if one.host.startswith("management."):
        return azure.arm(one)
    return Verdict(f"{one.host.split('.')[0]} {one.method} {azure.generic(one.path)}")


@dataclass
class Row:
    """One operation: how many calls, how many requests and answers of them were judged, what was found."""

    operation: str
    source: str
    calls: int = 0
    requests: int = 0
    answers: int = 0
    by_hand: int = 0  # requests that a test typed, nonsense among them on purpose: not judged
    faults: int = 0  # answers that a fault made, or lost: not judged
    by_product: int = 0
    violations: int = 0
    planted: int = 0
    excepted: int = 0


@dataclass
class Result:
    """Everything that a run showed."""

    rows: dict[str, Row] = field(default_factory=dict)
    violations: dict[Finding, Exchange] = field(default_factory=dict)
    undefined: dict[str, Exchange] = field(default_factory=dict)  # not declared as such
    used: set[str] = field(default_factory=set)  # what of exceptions.py was needed

    @property
    def wrong(self) -> list[str]:
        """Everything that makes a run fail, in words."""
        found = [f"{finding}   [{_where(one)}]" for finding, one in self.violations.items()]
        found += [f"{name}: nothing defines it   [{_where(one)}]" for name, one in self.undefined.items()]
        return sorted(found)

    @property
    def unneeded(self) -> list[str]:
        """Exceptions that nothing called for; of use after a run of everything only."""
        return sorted(exceptions.names() - self.used)


def _where(one: Exchange) -> str:
    who = "product" if one.by_product else one.agent.split("/")[0] or "typed by a test"
    return f"{one.method} {one.host}{one.path} -> {one.status}, {who}, {one.count}x"


def judge(exchanges: Iterable[Exchange]) -> Result:
    """Judge exchanges."""
    result = Result()
    for one in exchanges:
        try:
            verdict = verdict_on(one)
        except Exception as error:  # a mistake of the judge must not look like one of pytest's
            told = traceback.format_exception(error)[-2:]
            where = Finding(f"{one.method} {one.path}", "answer", "judge", "", " ".join("".join(told).split()))
            result.violations.setdefault(where, one)
            continue
        row = result.rows.setdefault(verdict.operation, Row(verdict.operation, verdict.source))
        row.calls += one.count
        row.by_product += one.count if one.by_product else 0
        row.faults += one.count if one.made_by_fault or not one.status else 0
        if not verdict.source:
            _undefined(result, verdict, one)
            continue
        row.requests += one.count if verdict.request is not None else 0
        row.by_hand += one.count if verdict.request is None else 0
        row.answers += one.count if verdict.answer is not None else 0
        for finding in dict.fromkeys(verdict.findings):
            _count(result, row, finding, one)
    return result


def _undefined(result: Result, verdict: Verdict, one: Exchange) -> None:
    declared = exceptions.undefined(verdict.operation)
    if declared:
        result.used.add(declared)
    elif (one.by_client or one.status < 400) and one.status and "absent" not in verdict.operation:
        result.undefined.setdefault(verdict.operation, one)


def _count(result: Result, row: Row, finding: Finding, one: Exchange) -> None:
    if name := exceptions.planted(finding):
        result.used.add(name)
        row.planted += one.count
    elif name := exceptions.excepted(finding):
        result.used.add(name)
        row.excepted += one.count
    else:
        row.violations += one.count
        result.violations.setdefault(finding, one)
