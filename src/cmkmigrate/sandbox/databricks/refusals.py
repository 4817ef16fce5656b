"""How the workspace says no: one function per error shape, each giving a `Failure` to raise.

The codes and texts are the vendor's where one is published or was seen; a text without a source is our own wording.
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.wire import Failure, databricks_error, json_response

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def refusal(status: int, code: str, message: str) -> Failure:
    """An error of the REST API: {"error_code", "message"}."""
    return Failure(databricks_error(status, code, message))


def invalid(message: str) -> Failure:
    return refusal(400, "INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> Failure:
    return refusal(404, "RESOURCE_DOES_NOT_EXIST", message)


def taken(message: str, status: int = 400) -> Failure:
    return refusal(status, "RESOURCE_ALREADY_EXISTS", message)


def denied(message: str) -> Failure:
    return refusal(403, "PERMISSION_DENIED", message)


def bad_state(message: str) -> Failure:
    return refusal(400, "INVALID_STATE", message)


def scim_refusal(status: int, detail: str, scim_type: str = "") -> Failure:
    """An error of the SCIM routes, which have a shape of their own (`status` is a string there)."""
    body: dict[str, Any] = {"schemas": [SCIM_ERROR], "detail": detail, "status": str(status)}
    if scim_type:
        body["scimType"] = scim_type
    return Failure(json_response(body, status))
