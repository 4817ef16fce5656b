"""Secrets in a scope: put is an upsert, list gives no values, get gives them in base64 where the scope allows it.

The text of a refused get was met by the vendor's own tests (databricks-sdk-java#132). A Key-Vault-backed scope lists
what is in the vault; its values are not here. Limits: 128 KB a value, 1000 keys a scope.
"""

from __future__ import annotations

import base64
import binascii
import re

from cmkmigrate.sandbox.databricks.refusals import denied, invalid, missing, refusal
from cmkmigrate.sandbox.databricks.secret_scopes import scope_named
from cmkmigrate.sandbox.databricks.workspace import Scope, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

SECRETS = "/api/2.0/secrets"
LARGEST = 128 * 1024  # bytes
MOST = 1000  # keys in a scope
_KEY = re.compile(r"[\w.-]{1,128}", re.ASCII)


def keys(state: WorkspaceState, scope: Scope) -> dict[str, int]:
    """Key -> ms of its last update; those of the vault for a Key-Vault-backed scope."""
    if scope.backend == "AZURE_KEYVAULT":
        return state.account.vault_secrets.get(str(scope.vault.get("resource_id", "")).lower(), {})
    return {key: at for key, (_value, at) in scope.values.items()}


@route("GET", f"{SECRETS}/list")
def list_secrets(state: WorkspaceState, request: Request) -> Response:
    held = keys(state, scope_named(state, request.arg("scope")))
    found = [{"key": key, "last_updated_timestamp": at} for key, at in held.items()]
    return json_response({"secrets": found} if found else {})


@route("GET", f"{SECRETS}/get")
def get_secret(state: WorkspaceState, request: Request) -> Response:
    scope, key = scope_named(state, request.arg("scope")), request.arg("key")
    if key not in keys(state, scope):
        raise missing(f"Failed to get secret {key} for scope {scope.name}.")
    if scope.backend == "AZURE_KEYVAULT":
        raise denied("The vault refused to give the secret.")
    if not scope.readable or state.settings.secret_values == "refuse":
        raise refusal(400, "BAD_REQUEST", "This operation is not allowed outside databricks notebooks.")
    return json_response({"key": key, "value": base64.b64encode(scope.values[key][0]).decode()})


@route("POST", f"{SECRETS}/put")
def put_secret(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    scope, key = scope_named(state, body.get("scope")), body.get("key")
    if scope.backend == "AZURE_KEYVAULT":
        raise refusal(400, "BAD_REQUEST", "Cannot write secrets to a scope that Azure Key Vault backs.")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise invalid("Keys may have up to 128 letters, digits, dashes, underscores and periods.")
    text, encoded = body.get("string_value"), body.get("bytes_value")
    if (text is None) == (encoded is None):
        raise refusal(400, "MALFORMED_REQUEST", "Exactly one of string_value and bytes_value must be given.")
    try:
        value = str(text).encode() if text is not None else base64.b64decode(str(encoded), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusal(400, "MALFORMED_REQUEST", "bytes_value is not base64.") from error
    if len(value) > LARGEST:
        raise invalid(f"The value is larger than {LARGEST} bytes.")
    if key not in scope.values and len(scope.values) >= MOST:
        raise refusal(400, "RESOURCE_LIMIT_EXCEEDED", f"The scope has {MOST} secrets already.")
    scope.values[key] = (value, state.clock.ms())
    return json_response({})


@route("POST", f"{SECRETS}/delete")
def delete_secret(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    scope, key = scope_named(state, body.get("scope")), str(body.get("key"))
    if scope.backend == "AZURE_KEYVAULT":
        raise refusal(400, "BAD_REQUEST", "Cannot delete secrets of a scope that Azure Key Vault backs.")
    if scope.values.pop(key, None) is None:
        raise missing(f"Secret {key} does not exist in scope {scope.name}.")
    return json_response({})
