"""ARM and Key Vault: paths, statuses, answers by OpenAPI; bodies of requests by the ARM schemas; names by the models.

The versions that the SDKs speak have no OpenAPI here; the ones before are what there is (`shared/specs/README.md`,
Known gaps). What they do not know yet is in the typed models, which are asked for names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from tests.evidence import definitions, openapi, typed
from tests.evidence.exchange import Exchange, Finding, Verdict

Seen = tuple[str, str, str]
SCHEMAS = {  # provider -> the schema of its newest version
    "microsoft.databricks": "2026-01-01/Microsoft.Databricks.json",
    "microsoft.keyvault": "2026-02-01/Microsoft.KeyVault.json",
    "microsoft.authorization": "2022-04-01/Microsoft.Authorization.json",
    "microsoft.insights": "2021-05-01-preview/Microsoft.Insights.json",
}
NAMED = re.compile(r"(?i)/(subscriptions|resourceGroups|locations|vaults|workspaces|keys|operationStatuses)/[^/]+")
GUID = re.compile(r"(?i)/[0-9a-f]{8}-[0-9a-f-]{27}")


def arm(one: Exchange) -> Verdict:
    """The verdict on an exchange with ARM."""
    operation = openapi.find("/resource-manager/", one.method, one.path)
    if operation is None:
        return _by_schema(one)
    name = operation.name
    verdict = Verdict(f"ARM {name}", f"OpenAPI {operation.uri.split('/stable/')[1]}")
    provider, kind = resource(one.path) if one.method in ("GET", "PUT", "PATCH") else ("", "")
    if one.by_client:
        verdict.request = _findings(verdict, "request", _request(one, operation, provider, kind))
    if one.status and not one.made_by_fault:
        verdict.answer = _findings(verdict, "answer", _answer(one, operation, provider, kind))
    return verdict


def _by_schema(one: Exchange) -> Verdict:
    """Where no operation is defined, the body of a PUT may be: by the ARM schema of the type."""
    provider, kind = resource(one.path)
    schema = _schema(provider, kind) if one.method == "PUT" else ""
    if not schema:
        return Verdict(f"{one.method} {generic(one.path)}")
    verdict = Verdict(f"ARM PUT {kind}", f"ARM schema {SCHEMAS[provider]}")
    if one.by_client:
        verdict.request = _findings(verdict, "request", _against(one, provider, kind, schema))
    return verdict


def vault(one: Exchange) -> Verdict:
    """The verdict on an exchange with the data plane of Key Vault."""
    operation = openapi.find("/data-plane/", one.method, one.path)
    if operation is None:
        return Verdict(f"Vault {one.method} {generic(one.path)}")
    verdict = Verdict(f"Vault {operation.name}", f"OpenAPI {operation.uri.split('/stable/')[1]}")
    if one.by_client:
        sent = [
            *openapi.path(operation, one.path),
            *openapi.query(operation, one.query),
            *openapi.request(operation, one.request),
        ]
        verdict.request = _findings(verdict, "request", sent)
    if one.status and not one.made_by_fault:
        told = [*openapi.answer(operation, one.status, one.answer), *_named(operation, one)]
        if one.status == 401 and "www-authenticate" in one.headers:  # the challenge is HTTP's, not the document's
            told = [seen for seen in told if seen[0] == "status"]
        verdict.answer = _findings(verdict, "answer", told)
    return verdict


def _findings(verdict: Verdict, side: str, seen: Any) -> list[Finding]:
    return [Finding(verdict.operation, side, *one) for one in seen]


def generic(path: str) -> str:
    """A path of ARM without the names in it, in one spelling."""
    path = re.sub("(?i)/resourcegroups", "/resourceGroups", NAMED.sub(r"/\1/{}", path))
    return GUID.sub("/{}", path)


def resource(path: str) -> tuple[str, str]:
    """(provider, type) of the resource or collection that a path ends in, in small letters."""
    tail = path.lower().rstrip("/").rpartition("/providers/")[2].split("/")
    return tail[0], "/".join([tail[0], *tail[1::2]])


def _request(one: Exchange, operation: openapi.Operation, provider: str, kind: str) -> Iterator[Seen]:
    yield from openapi.path(operation, one.path)
    yield from openapi.query(operation, one.query)
    if one.request is None:
        return
    model = typed.model(provider)
    shape = model.resources.get(kind) if model else None
    if one.method == "PUT" and (schema := _schema(provider, kind)):
        yield from _against(one, provider, kind, schema)
    else:
        yield from openapi.request(operation, one.request)
    if model is not None and shape is not None and one.method in ("PUT", "PATCH"):
        yield from model.walk(one.request, shape, sent=True)
    elif one.method == "PUT":
        bodies = [parameter["schema"] for parameter in operation.parameters() if parameter.get("in") == "body"]
        for schema in bodies:
            yield from openapi.names(operation.uri, schema, one.request, reading=False)


def _against(one: Exchange, provider: str, kind: str, schema: str) -> Iterator[Seen]:
    """A request's body against the ARM schema of its type."""
    name = one.path.rstrip("/").rpartition("/")[2]
    version = SCHEMAS[provider].split("/")[0]
    document = {**(one.request or {}), "name": name, "type": _spelt(kind, schema), "apiVersion": version}
    for error in Draft4Validator({"$ref": schema}, registry=definitions.registry()).iter_errors(document):
        at = "".join("[]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
        yield "schema", at, error.message[:160]


def _answer(one: Exchange, operation: openapi.Operation, provider: str, kind: str) -> Iterator[Seen]:
    yield from openapi.answer(operation, one.status, one.answer)
    model = typed.model(provider)
    shape = model.resources.get(kind) if model else None
    if model is None or shape is None or one.status >= 400:
        yield from _named(operation, one)
        return
    if not isinstance(one.answer, dict):
        return
    items = one.answer.get("value")
    several = items if isinstance(items, list) else [one.answer]
    for body in several:
        for rule, at, text in model.walk(body, shape):
            yield rule, f"value[].{at}" if several is items else at, text


def _named(operation: openapi.Operation, one: Exchange) -> Iterator[Seen]:
    """Names in an answer that its schema does not know."""
    responses = operation.body["responses"]
    told = responses.get(str(one.status)) or (responses.get("default") if one.status >= 400 else None)
    if told is not None:
        uri, told = definitions.resolve(operation.uri, told)
        yield from openapi.names(uri, told.get("schema", {}), one.answer)


@cache
def _schema(provider: str, kind: str) -> str:
    """The URI of the ARM schema of a resource type; "" where there is none."""
    named = SCHEMAS.get(provider)
    if not named:
        return ""
    document = definitions.load(definitions.SPECS / "arm-schemas" / "schemas" / named)
    for part in ("resourceDefinitions", "extension_resourceDefinitions", "unknown_resourceDefinitions"):
        for name, body in document.get(part, {}).items():
            if kind in {str(one).lower() for one in body.get("properties", {}).get("type", {}).get("enum", ())}:
                return f"{definitions.BASE}schemas/{named}#/{part}/{name}"
    return ""


@cache
def _spelt(kind: str, schema: str) -> str:
    """A type with the capital letters of its schema."""
    body: definitions.Json = definitions.registry().resolver().lookup(schema).contents
    return next(str(one) for one in body["properties"]["type"]["enum"] if str(one).lower() == kind)
