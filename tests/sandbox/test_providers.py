"""Resource providers: registered or not, and what follows."""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.conftest import Inside, Running

VERSION = "2021-04-01"


def test_all_are_registered(sandbox: Running) -> None:
    found = sandbox.arm("GET", "providers", version=VERSION).json["value"]
    assert {one["registrationState"] for one in found} == {"Registered"}
    one = sandbox.arm("GET", "providers/Microsoft.Databricks", version=VERSION).json
    assert one in found and one["namespace"] == "Microsoft.Databricks"


def test_a_write_without_registration(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"settings": {"unregistered": "Microsoft.Databricks Microsoft.Compute"}})
    state = inside.arm("GET", "providers/Microsoft.Databricks", version=VERSION).json["registrationState"]
    assert state == "NotRegistered"
    body = {"location": "westeurope", "properties": {}}
    refused = inside.arm("PUT", inside.workspace.id, body)
    assert (refused.status, refused.code) == (409, "MissingSubscriptionRegistration")
    assert refused.json["error"]["details"][0]["target"] == "Microsoft.Databricks"
    assert inside.arm("GET", inside.workspace.id).status == 200, "it can be read"
    path = "providers/Microsoft.Databricks/register"
    inside.cloud.settings.put({"operator_lacks": "Microsoft.Databricks/register/action"})
    assert inside.arm("POST", path, version=VERSION).code == "AuthorizationFailed"
    inside.cloud.settings.put({"operator_lacks": ""})
    assert inside.arm("POST", path, version=VERSION).json["registrationState"] == "Registered"
    assert inside.arm("PUT", inside.workspace.id, body).code != "MissingSubscriptionRegistration"


def test_machines_need_microsoft_compute(tmp_path: Path) -> None:
    inside = Inside(tmp_path)
    state = inside.cloud.served[inside.workspace.label]
    assert state.compute_refusal() == ""
    inside.cloud.settings.put({"unregistered": "microsoft.compute"})
    assert "namespace 'Microsoft.Compute'" in state.compute_refusal()
