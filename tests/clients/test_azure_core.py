"""What answers of Resource Manager and Key Vault mean."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.rest import HttpRequest

from cmkmigrate.clients import leave
from cmkmigrate.clients.azure_core import called, error_of, transport
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.errors import (
    AlreadyExists,
    Anew,
    Blocked,
    CallError,
    Denied,
    NotFound,
    Refused,
    Stopped,
    Throttled,
    Unknown,
)


def body(code: str, message: str = "no", inner: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    return {"error": error | ({"innererror": {"code": inner}} if inner else {})}


@pytest.mark.parametrize(
    ("status", "said", "kind", "code"),
    [
        (404, body("ResourceNotFound"), NotFound, "ResourceNotFound"),
        (403, body("AuthorizationFailed"), Denied, "AuthorizationFailed"),
        (403, body("Forbidden", inner="ForbiddenByRbac"), Denied, "ForbiddenByRbac"),
        (401, b"", Denied, ""),
        (409, body("RoleAssignmentExists"), AlreadyExists, "RoleAssignmentExists"),
        (
            409,
            body("ConflictError", "A vault with the same name already exists in deleted state."),
            AlreadyExists,
            None,
        ),
        (409, body("ApplianceBeingModified"), Refused, "ApplianceBeingModified"),
        (400, body("InvalidDatabricksSku"), Refused, "InvalidDatabricksSku"),
        (400, {"code": "BadRequest", "message": "flat"}, Refused, "BadRequest"),
        (400, b"<html>", Unknown, ""),
        (404, b"<html>", Unknown, ""),
        (429, body("TooManyRequests"), Throttled, "TooManyRequests"),
        (500, body("InternalServerError"), Unknown, "InternalServerError"),
        (503, b"", Unknown, ""),
        (302, b"", Refused, ""),
    ],
)
def test_kinds(status: int, said: Any, kind: type[CallError], code: str | None) -> None:
    error = error_of(status, {"Retry-After": "4"}, said if isinstance(said, bytes) else json.dumps(said).encode())
    assert type(error) is kind
    assert code is None or error.code == code
    assert not isinstance(error, Throttled) or error.retry_after == 4


def test_an_unregistered_provider_says_what_to_type() -> None:
    text = "The subscription is not registered to use namespace 'Microsoft.Databricks'. See https://aka.ms/rps."
    with pytest.raises(Blocked) as blocked:
        error_of(409, {}, json.dumps(body("MissingSubscriptionRegistration", text)).encode())
    assert blocked.value.next == "az provider register --namespace Microsoft.Databricks"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServiceResponseError("Connection aborted"), Unknown),
        (ServiceResponseError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), Stopped),
        (json.JSONDecodeError("x", "doc", 0), Unknown),
        (Denied("passes"), Denied),
    ],
)
def test_exceptions(error: Exception, kind: type[Exception]) -> None:
    def call() -> None:
        raise error

    with pytest.raises(kind) as raised:
        called(call)
    assert type(raised.value) is kind


def test_a_write_that_is_late_does_not_leave(endpoints: Endpoints) -> None:
    """Through azure-core's own transport, on a connection of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server, transport(endpoints) as way:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        with leave.by(time.time() - 1, 1.0), pytest.raises(Anew):
            called(lambda: way.send(HttpRequest("PUT", url, json={})))
        server.settimeout(20)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1000) == b""  # connected, and nothing sent
