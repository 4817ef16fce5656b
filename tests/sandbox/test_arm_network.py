"""The conditions of a storage firewall, and the only way into a workspace without public access."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e import networked
from tests.e2e.networked import NET, VNET
from tests.harness import Sandbox
from tests.sandbox.around import GROUP, call, wanted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"accessConnector": None}, "DefaultStorageFirewallNotAllowed"),
        ({"accessConnector": {"id": "/none", "identityType": "SystemAssigned"}}, "AccessConnectorNotFound"),
        ({"parameters": {}}, "DefaultStorageFirewallNotAllowed"),
    ],
)
def test_a_storage_firewall_has_conditions(changes: dict[str, Any], code: str, box: Sandbox) -> None:
    parameters = {
        "customVirtualNetworkId": {"value": VNET},
        "customPublicSubnetName": {"value": "new-pub"},
        "customPrivateSubnetName": {"value": "new-priv"},
    }
    properties = {
        "computeMode": "Hybrid",
        "managedResourceGroupId": f"{networked.ROOT}/managed-x",
        "parameters": parameters,
        "defaultStorageFirewall": "Enabled",
        "accessConnector": {"id": networked.CONNECTOR, "identityType": "SystemAssigned"},
        **changes,
    }
    body: dict[str, Any] = {"location": "westeurope", "sku": {"name": "premium"}, "properties": {}}
    body["properties"] = {name: value for name, value in properties.items() if value is not None}
    with pytest.raises(RuntimeError, match=code):
        call(box, "PUT", f"{GROUP}/firewalled", body, "2026-01-01")


def test_without_public_access_an_endpoint_is_the_only_way_in(box: Sandbox) -> None:
    path = "/api/2.0/preview/scim/v2/Me"
    assert box.call(box.host_of("old"), "GET", path)["userName"]
    with pytest.raises(RuntimeError, match=r"403.*Unauthorized network access to workspace"):
        box.call(box.host_of("shut"), "GET", path)
    shut = f"{GROUP}/shut"
    call(box, "PUT", f"{NET}/privateEndpoints/auth-only", wanted(shut, "browser_authentication"))
    while call(box, "GET", f"{NET}/privateEndpoints/auth-only")["properties"]["provisioningState"] != "Succeeded":
        pass
    with pytest.raises(RuntimeError, match="403"):
        box.call(box.host_of("shut"), "GET", path)
