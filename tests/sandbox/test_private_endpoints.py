"""Private endpoints and their zone groups, and what a workspace shows of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.networked import HUB, NET, SOURCE, VNET, ZONE
from tests.harness import Sandbox
from tests.sandbox.around import GROUP, NEIGHBOUR, call, wanted


def connections(box: Sandbox, workspace: str) -> list[Any]:
    found: list[Any] = call(box, "GET", workspace, version="2026-01-01")["properties"].get(
        "privateEndpointConnections", []
    )
    return found


def test_made_after_a_while_and_then_seen_by_the_workspace(box: Sandbox) -> None:
    id = f"{NET}/privateEndpoints/made"
    first = call(box, "PUT", id, wanted())
    assert first["properties"]["provisioningState"] == "Updating"
    assert connections(box, NEIGHBOUR) == []
    with pytest.raises(RuntimeError, match="AnotherOperationInProgress"):
        call(box, "PUT", f"{id}/privateDnsZoneGroups/default", {"properties": {}})
    states = [call(box, "GET", id)["properties"]["provisioningState"] for _ in range(4)]
    assert states[0] == "Updating" and states[-1] == "Succeeded"
    (one,) = connections(box, NEIGHBOUR)
    of = one["properties"]
    assert of["privateEndpoint"]["id"] == id and of["groupIds"] == ["databricks_ui_api"]
    assert of["privateLinkServiceConnectionState"]["status"] == "Approved"
    configs = [{"name": "z", "properties": {"privateDnsZoneId": ZONE}}]
    call(box, "PUT", f"{id}/privateDnsZoneGroups/default", {"properties": {"privateDnsZoneConfigs": configs}})
    (zones,) = call(box, "GET", f"{id}/privateDnsZoneGroups")["value"]
    assert zones["properties"]["privateDnsZoneConfigs"] == configs
    call(box, "DELETE", id)
    assert connections(box, NEIGHBOUR) == []
    with pytest.raises(RuntimeError, match="404"):
        call(box, "GET", f"{id}/privateDnsZoneGroups")


def test_one_that_has_to_be_approved_waits(box: Sandbox) -> None:
    body = wanted()
    body["properties"]["manualPrivateLinkServiceConnections"] = body["properties"].pop("privateLinkServiceConnections")
    id = f"{NET}/privateEndpoints/manual"
    call(box, "PUT", id, body)
    while call(box, "GET", id)["properties"]["provisioningState"] != "Succeeded":
        pass
    (one,) = connections(box, NEIGHBOUR)
    assert one["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    call(box, "DELETE", id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wanted(to=f"{GROUP}/nobody"), "InvalidResourceReference"),
        (wanted(at=f"{VNET}/subnets/nowhere"), "InvalidResourceReference"),
        (wanted(at=f"{VNET}/subnets/new-pub"), "SubnetIsDelegated"),
        (wanted(group="blob"), "PrivateEndpointInvalidGroupId"),
        ({"location": "westeurope", "properties": {}}, "InvalidRequestFormat"),
    ],
)
def test_refused(body: Any, code: str, box: Sandbox) -> None:
    with pytest.raises(RuntimeError, match=code):
        call(box, "PUT", f"{NET}/privateEndpoints/refused", body)


def test_a_subnet_is_not_changed_and_a_zone_must_be_there(box: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="SubnetChangeNotAllowed"):
        call(box, "PUT", f"{NET}/privateEndpoints/pe-back", wanted(SOURCE, at=f"{HUB}/subnets/front"))
    configs = [{"name": "z", "properties": {"privateDnsZoneId": f"{ZONE}.gone"}}]
    path = f"{NET}/privateEndpoints/pe-back/privateDnsZoneGroups/other"
    with pytest.raises(RuntimeError, match="InvalidResourceReference"):
        call(box, "PUT", path, {"properties": {"privateDnsZoneConfigs": configs}})


def test_all_of_a_subscription(box: Sandbox) -> None:
    root = NET.partition("/resourceGroups")[0]
    names = {one["name"] for one in call(box, "GET", f"{root}/providers/Microsoft.Network/privateEndpoints")["value"]}
    assert {"pe-back", "pe-front", "pe-signin"} <= names
    assert names == {one["name"] for one in call(box, "GET", f"{NET}/privateEndpoints")["value"]}
