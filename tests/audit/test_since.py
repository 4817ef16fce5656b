"""Since when a key has been on: what shows it, what contradicts it, and when nobody knows."""

from __future__ import annotations

import json
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


def body(named: bool) -> dict[str, Any]:
    services = {"managedServices": {"keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k"}}}
    answered = {"properties": {"encryption": {"entities": services}} if named else {"parameters": {}}}
    return {"properties": {"responseBody": json.dumps(answered)}}


def step(status: str, operation: str = "", at: str = AT) -> dict[str, Any]:
    return {**write(at), "status": {"value": status}, "operationId": operation}


@pytest.mark.parametrize(
    ("events", "born", "day"),
    [
        # One deployment has one correlation id, and may write a workspace twice: the second with the key.
        ((step("Started"), step("Succeeded"), step("Started")), None, ""),
        ((step("Succeeded", "o1"), step("Succeeded", "o2")), None, ""),
        ((step("Started", "o1"), step("Accepted", "o1"), step("Succeeded", "o1")), True, "2026-01-10"),
        # What was answered says what was written.
        ((write(AT) | body(True), write(LATER, "c2")), True, "2026-01-10"),
        ((write(AT) | body(False), write(LATER, "c2") | body(True)), False, "2026-02-01"),
        ((write(AT) | body(False), write(LATER, "c2")), False, "2026-02-01"),
        ((write(AT) | {"properties": {"responseBody": "******"}}, write(LATER, "c2") | body(True)), None, ""),
        ((write(AT) | {"properties": {"responseBody": '{"properties": "******"}'}}, write(LATER, "c2")), None, ""),
        ((write(LATER) | body(True),), None, ""),
        ((step("Started") | body(True), step("Started") | body(True)), None, ""),
        ((step("Failed") | body(True), write(LATER, "c2")), None, ""),
    ],
)
def test_what_the_log_tells(events: tuple[dict[str, Any], ...], born: bool | None, day: str) -> None:
    found = derive(Evidence(created=CREATED, events=events))
    assert (found.born, found.day) == (born, day), found.why


def test_times() -> None:
    assert moment("2026-01-10T08:00:00Z") == moment("2026-01-10T08:00:00.0000000Z") == 1768032000
    assert moment(None) == moment("yesterday") == 0
