"""Since when a key has been on: what shows it, what contradicts it, and when nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.audit.ledgers import Noted
from cmkmigrate.audit.since import SKEW_S, Evidence, derive, moment

CREATED = moment("2026-01-10T08:00:00.1234567Z")
AT, LATER = "2026-01-10T08:00:01Z", "2026-02-01T00:00:00Z"


def write(at: str, correlation: str = "c1", operation: str = "Microsoft.Databricks/workspaces/write") -> dict[str, Any]:
    return {"eventTimestamp": at, "correlationId": correlation, "operationName": {"value": operation}}


@pytest.mark.parametrize(
    ("evidence", "born", "day"),
    [
        ({"ledger": Noted(True, "runs/x")}, True, "2026-01-10"),
        ({"ledger": Noted(False, "runs/x", moment(LATER))}, False, "2026-02-01"),
        ({"ledger": Noted(False, "runs/x"), "attested": "2026-01-10"}, False, ""),
        ({"oldest_version": CREATED - 9}, None, ""),
        ({"oldest_version": CREATED + SKEW_S}, None, ""),
        ({"oldest_version": CREATED + SKEW_S + 1}, False, "2026-01-10"),
        ({"oldest_version": moment(LATER)}, False, "2026-02-01"),
        ({"oldest_version": moment(LATER), "attested": "2026-03-01"}, False, "2026-03-01"),
        ({"oldest_version": moment(LATER), "attested": "2026-01-10"}, None, ""),
        ({"attested": "2026-01-10"}, True, "2026-01-10"),
        ({"attested": "2025-12-01"}, True, "2025-12-01"),
        ({"attested": "2026-01-11"}, False, "2026-01-11"),
        ({"events": ()}, None, ""),
        ({"events": (write(AT),)}, True, "2026-01-10"),
        ({"events": (write(AT), write(AT))}, True, "2026-01-10"),
        ({"events": (write(AT), write(LATER, "c2"))}, None, ""),
        ({"events": (write(LATER),)}, None, ""),
        ({"events": (write(AT), write(LATER, "c2", "Microsoft.Databricks/workspaces/delete"))}, True, "2026-01-10"),
        ({"events": (write(AT),), "oldest_version": moment(LATER)}, False, "2026-02-01"),
        ({"created": 0.0, "attested": "2026-01-10"}, None, ""),
        ({}, None, ""),
    ],
)
def test_since(evidence: dict[str, Any], born: bool | None, day: str) -> None:
    found = derive(Evidence(**{"created": CREATED, **evidence}))
    assert (found.born, found.day) == (born, day)
    assert found.why


def test_times() -> None:
    assert moment("2026-01-10T08:00:00Z") == moment("2026-01-10T08:00:00.0000000Z") == 1768032000
    assert moment(None) == moment("yesterday") == 0
