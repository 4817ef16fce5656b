"""What answers of a workspace mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from cmkmigrate.clients.answers import error_of, refused_body
from cmkmigrate.errors import AlreadyExists, CallError, Denied, NotFound, Refused, Throttled, Unknown


def kind_of(status: int, body: Any, headers: dict[str, str] | None = None) -> CallError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = error_of(status, CaseInsensitiveDict(headers or {}), content)
    assert error is not None
    return error


def coded(code: str, message: str = "no") -> dict[str, str]:
    return {"error_code": code, "message": message}


SCIM = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": "uniqueness", "status": "409"}
HTML = b"<html><title>Sign in</title></html>"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, coded("RESOURCE_ALREADY_EXISTS"), AlreadyExists),
        (409, coded("ALREADY_EXISTS"), AlreadyExists),
        (409, b"", AlreadyExists),
        (409, SCIM | {"detail": "Group with name x already exists."}, AlreadyExists),
        (400, coded("INVALID_PARAMETER_VALUE", "Policy with name x already exists"), AlreadyExists),
        (400, {"message": "Scope s1 already exists"}, AlreadyExists),
        (409, coded("INVALID_STATE"), Refused),
        (404, coded("RESOURCE_DOES_NOT_EXIST"), NotFound),
        (400, coded("RESOURCE_DOES_NOT_EXIST"), NotFound),
        (400, coded("INVALID_PARAMETER_VALUE", "Job 7 does not exist."), NotFound),
        (400, coded("INVALID_PARAMETER_VALUE", "Cluster x doesn't exist"), NotFound),
        (404, b"", NotFound),
        (404, {"detail": "User 1 not found", "status": "404"}, NotFound),
        (404, coded("ENDPOINT_NOT_FOUND"), Refused),
        (404, HTML, Unknown),
        (403, coded("PERMISSION_DENIED"), Denied),
        (401, b"", Denied),
        (400, coded("PERMISSION_DENIED"), Denied),
        (400, coded("INVALID_PARAMETER_VALUE", "wrong"), Refused),
        (400, b"MALFORMED_REQUEST: no such field", Refused),
        (400, HTML, Unknown),
        (429, coded("REQUEST_LIMIT_EXCEEDED"), Throttled),
        (429, coded("RESOURCE_EXHAUSTED"), Throttled),
        (429, b"", Throttled),
        (429, HTML, Unknown),
        (429, coded("QUOTA_EXCEEDED"), Unknown),
        (501, coded("NOT_IMPLEMENTED"), Refused),
        (501, HTML, Unknown),
        (501, b"", Unknown),
        (500, coded("RESOURCE_ALREADY_EXISTS"), Unknown),
        (503, coded("TEMPORARILY_UNAVAILABLE"), Unknown),
        (502, HTML, Unknown),
        (408, b"", Unknown),
        (302, b"", Refused),
    ],
)
def test_kinds(status: int, body: Any, kind: type[CallError]) -> None:
    assert type(kind_of(status, body)) is kind


def test_fine_answers_are_no_errors() -> None:
    assert error_of(200, {}, b"") is None
    assert error_of(204, {}, b"") is None


def test_what_is_kept_of_an_answer() -> None:
    error = kind_of(400, coded("INVALID_STATE", "not now"), {"X-Request-Id": "r1"})
    assert (error.status, error.code, error.message, error.request_id) == (400, "INVALID_STATE", "not now", "r1")
    assert str(error) == "400 INVALID_STATE: not now"


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-1", 0)])
def test_retry_after(header: str, seconds: float) -> None:
    error = kind_of(429, coded("REQUEST_LIMIT_EXCEEDED"), {"Retry-After": header})
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds


def test_a_429_that_says_200() -> None:
    assert isinstance(refused_body(coded("REQUEST_LIMIT_EXCEEDED")), Throttled)
    assert isinstance(refused_body(coded("INTERNAL_ERROR")), Unknown), "no listing, so no empty one"
    assert refused_body({"jobs": []}) is None
