"""The object id of AzureDatabricks."""

from __future__ import annotations

import pytest

from cmkmigrate.clients.endpoints import AZURE_DATABRICKS, Endpoints
from cmkmigrate.clients.graph import azure_databricks_object_id
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import Denied, NotFound
from tests.clients.conftest import Wire


def test_found(wire: Wire, endpoints: Endpoints, credential: Login) -> None:
    wire.answer = lambda _: (
        200,
        {},
        {"value": [{"id": "x", "appId": "other"}, {"id": "oid", "appId": AZURE_DATABRICKS}]},
    )
    assert azure_databricks_object_id(credential, endpoints) == "oid"
    sent = wire.sent[0]
    assert sent.url.startswith("https://graph.microsoft.test/v1.0/servicePrincipals?")
    assert sent.query == {"$filter": [f"servicePrincipalNames/any(c:c eq '{AZURE_DATABRICKS}')"]}
    assert sent.headers["Authorization"] == "Bearer token-for-https://graph.microsoft.test/.default"


def test_absent(wire: Wire, endpoints: Endpoints, credential: Login) -> None:
    wire.answer = lambda _: (200, {}, {"value": []})
    with pytest.raises(NotFound, match="az ad sp create"):
        azure_databricks_object_id(credential, endpoints)


def test_not_readable(wire: Wire, endpoints: Endpoints, credential: Login) -> None:
    wire.answer = lambda _: (403, {}, {"error": {"code": "Authorization_RequestDenied", "message": "no"}})
    with pytest.raises(Denied) as denied:
        azure_databricks_object_id(credential, endpoints)
    assert denied.value.code == "Authorization_RequestDenied"
