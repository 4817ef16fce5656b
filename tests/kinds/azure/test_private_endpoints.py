"""Private endpoints: like the old ones, in the subnets that are named, and which of them stay where they are."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.errors import Blocked, Denied, NotYet, Refused
from cmkmigrate.kinds.azure.private_endpoints import PrivateEndpoints, wanted
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, connected, source

KIND = PrivateEndpoints()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
ENDPOINTS = f"{S}/Microsoft.Network/privateEndpoints"
VNET = f"{S}/Microsoft.Network/virtualNetworks/net"
SETTINGS: dict[str, Any] = {"workspace": NEW, "name": "new", "source": WORKSPACE}


def nothing(_: str) -> list[Entry]:
    return []


def endpoint(name: str, group: str, of: str = WORKSPACE, status: str = "Approved", **more: Any) -> dict[str, Any]:
    state = {"status": status, "description": "Auto-approved"}
    properties = {"privateLinkServiceId": of, "groupIds": [group], "privateLinkServiceConnectionState": state}
    connection = {"id": "c", "name": name, "etag": "e", "properties": properties}
    body = {
        "provisioningState": "Succeeded",
        "subnet": {"id": f"{VNET}/subnets/pe"},
        "networkInterfaces": [{"id": "n"}],
    }
    body |= {"privateLinkServiceConnections": [connection], "manualPrivateLinkServiceConnections": []}
    return {"id": f"{ENDPOINTS}/{name}", "location": "westeurope", "tags": {"a": "b"}, "properties": {**body, **more}}


def old(*connections: tuple[str, str, str]) -> dict[str, Any]:
    found = []
    for name, group, status in connections:
        state = {"status": status}
        of = {"privateEndpoint": {"id": f"{ENDPOINTS}/{name}"}, "groupIds": [group]}
        found.append({"properties": {**of, "privateLinkServiceConnectionState": state}})
    resource: dict[str, Any] = source(privateEndpointConnections=found).resource
    return resource


UI, SIGN_IN = ("ui", "databricks_ui_api", "Approved"), ("auth", "browser_authentication", "Approved")


def site_with(*connections: tuple[str, str, str]) -> FakeSubscription:
    site = FakeSubscription()
    for name, group, _ in connections:
        site.bodies[f"{ENDPOINTS}/{name}"] = endpoint(name, group)
    site.bodies[WORKSPACE] = old(*connections)
    return site


def test_like_the_old_one() -> None:
    site = site_with(UI, SIGN_IN)
    want, stays = KIND.desired(connected(site, old(UI, SIGN_IN)), SETTINGS, nothing)
    assert "do not delete" in stays.excluded and isinstance(want, Asset) and want.body
    assert KIND.list(site, SETTINGS, nothing) == []
    assert KIND.list(site, {**SETTINGS, "workspace": KNOWN_AFTER_APPLY}, nothing) == []
    assert KIND.create(site, want) == Made(f"{ENDPOINTS}/ui-new")
    ((_, where, body),) = site.writes
    connection = {"privateLinkServiceId": NEW, "groupIds": ["databricks_ui_api"]}
    assert where == f"{ENDPOINTS}/ui-new" and body == {
        "location": "westeurope",
        "tags": {"a": "b"},
        "properties": {
            "subnet": {"id": f"{VNET}/subnets/pe"},
            "privateLinkServiceConnections": [{"name": "ui-new", "properties": connection}],
        },
    }
    site.bodies[where] = endpoint("ui-new", "databricks_ui_api", NEW.upper())
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset) and have.body and have.key == want.key
    assert portable.differences(KIND, KIND.fit(want.body, have.body), have.body) == ()


def test_while_it_is_made_it_is_as_wanted_and_then_it_is_looked_at() -> None:
    site = site_with(UI)
    (want,) = KIND.desired(connected(site, old(UI)), SETTINGS, nothing)
    assert isinstance(want, Asset) and want.body
    at = f"{ENDPOINTS}/ui-new"
    site.bodies[at] = endpoint("ui-new", "databricks_ui_api", NEW, "Pending", provisioningState="Updating")
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset) and have.body
    assert portable.differences(KIND, KIND.fit(want.body, have.body), have.body) == ()
    ways = [endpoint("ui-new", "databricks_ui_api", NEW, provisioningState=one) for one in ("Updating", "Succeeded")]
    site.read = lambda *_: ways.pop(0)  # type: ignore[method-assign]
    KIND.settle(site, want, Made(at))
    assert ways == []
    for more, text in (({"status": "Pending"}, "approve"), ({"provisioningState": "Failed"}, "Failed")):
        body = endpoint("ui-new", "databricks_ui_api", NEW, **more)
        site.read = lambda *_, body=body: body  # type: ignore[method-assign]
        with pytest.raises(Refused, match=text):
            KIND.settle(site, want, Made(at))
        loaded = KIND.load(site, Entry(at, want.key))
        assert portable.differences(KIND, KIND.fit(want.body, loaded.body or {}), loaded.body or {})
    KIND.update(site, want, loaded)
    assert site.writes[-1][1] == at


def test_another_operation_is_waited_for() -> None:
    site = site_with(UI)
    (want,) = KIND.desired(connected(site, old(UI)), SETTINGS, nothing)
    assert isinstance(want, Asset)
    text = "Another operation on this or dependent resource is in progress."
    site.refusal = Refused(text, status=409, code="AnotherOperationInProgress")
    with pytest.raises(NotYet):
        KIND.create(site, want)


def test_which_ones() -> None:
    site = site_with(UI, SIGN_IN, ("waits", "databricks_ui_api", "Pending"))
    site.bodies[VNET] = {"id": VNET, "location": "northeurope"}
    resource, reads = old(UI, SIGN_IN, ("waits", "databricks_ui_api", "Pending")), Reads(site.read, site.listing)
    both = list(wanted(reads, resource, {**SETTINGS, "browser_authentication": True}))
    assert [bool(one.body) for one in both] == [True, True, False] and "Pending" in both[2].excluded
    found = list(wanted(reads, resource, {**SETTINGS, "endpoint_subnets": [f"{VNET}/subnets/other"]}))
    assert [bool(one.body) for one in found] == [False, False, False, True]
    assert "endpoint_subnets" in found[0].excluded
    body = found[3].body or {}
    assert body["location"] == "northeurope" and body["properties"]["subnet"]["id"] == f"{VNET}/subnets/other"
    assert body["at"].rpartition("/")[2].startswith("pe-new-other-")


def test_names_have_an_end() -> None:
    name = "e" * 60
    site = site_with((name, "databricks_ui_api", "Approved"))
    reads = Reads(site.read, site.listing)
    names = set()
    for target in ("new-one", "new-two"):
        (one,) = wanted(reads, old((name, "databricks_ui_api", "Approved")), {**SETTINGS, "name": target})
        names.add((one.body or {})["at"].rpartition("/")[2])
    assert len(names) == 2 and all(len(one) <= 64 for one in names)


def test_one_that_cannot_be_read_is_not_taken_for_none() -> None:
    def denied(*_: str) -> dict[str, Any]:
        raise Denied("no", status=403)

    site = FakeSubscription()
    for read in (site.read, denied):
        site.read = read  # type: ignore[method-assign]
        with pytest.raises(Blocked, match="cannot be read"):
            list(KIND.desired(connected(site, old(UI)), SETTINGS, nothing))
    with pytest.raises(Blocked, match="network cannot be read"):
        list(KIND.desired(connected(site, old()), {**SETTINGS, "endpoint_subnets": [f"{VNET}/subnets/x"]}, nothing))
