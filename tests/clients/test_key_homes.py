"""Where keys live: found by the host, in whatever subscription; read once; a closed subscription is counted."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import NotFound
from tests.clients.conftest import Sent, Wire

OWN, OTHER, CLOSED, BARE = "s", "other", "closed", "bare"


def vault(subscription: str, name: str, **told: Any) -> dict[str, Any]:
    id = f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/{name}"
    return {"id": id, "name": name, "properties": {"vaultUri": f"https://{name}.vault.azure.test/", **told}}


HSM_ID = f"/subscriptions/{OTHER}/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/h"
HSM = {"id": HSM_ID, "name": "h", "properties": {"hsmUri": "https://h.managedhsm.azure.test"}}
LISTED = {OWN: [vault(OWN, "near")], OTHER: [vault(OTHER, "far", enableRbacAuthorization=True)]}


@pytest.fixture
def site(wire: Wire, endpoints: Endpoints, credential: Login) -> Subscription:
    def answer(sent: Sent) -> Any:
        words = sent.path.strip("/").split("/")
        if words == ["subscriptions"]:
            return 200, {}, {"value": [{"subscriptionId": id} for id in (OWN, OTHER, BARE, CLOSED)]}
        if words[1] == CLOSED:
            return 403, {}, {"error": {"code": "AuthorizationFailed", "message": "no"}}
        if words[1] == BARE:
            return 409, {}, {"error": {"code": "MissingSubscriptionRegistration", "message": "'Microsoft.KeyVault'"}}
        if words[-1] == "vaults":
            return 200, {}, {"value": LISTED[words[1]]}
        if words[-1] == "managedHSMs":
            return 200, {}, {"value": [HSM] if words[1] == OTHER else []}
        found = [one for one in [*LISTED[OWN], *LISTED[OTHER], HSM] if one["id"].lower() == sent.path.lower()]
        return (200, {}, found[0]) if found else (404, {}, {"error": {"code": "ResourceNotFound", "message": "no"}})

    wire.answer = answer
    return Subscription(OWN, credential, endpoints)


def test_found_near_and_nowhere_else_is_looked(wire: Wire, site: Subscription) -> None:
    assert site.home_of("https://near.vault.azure.test/keys/k")["name"] == "near"
    assert site.home_of("https://NEAR.vault.azure.test:443/")["name"] == "near", "port and case do not matter"
    assert [one.path.split("/")[2] for one in wire.sent] == [OWN], "and it is asked for once"


def test_found_far(wire: Wire, site: Subscription) -> None:
    assert site.home_of("https://far.vault.azure.test/")["id"].split("/")[2] == OTHER
    assert site.home_of("https://h.managedhsm.azure.test/") == HSM
    assert {one.method for one in wire.sent} == {"GET"}


def test_found_nowhere(site: Subscription) -> None:
    with pytest.raises(NotFound, match=r"none of the 3 subscriptions .* in 1 they could not"):
        site.home_of("https://gone.vault.azure.test/")


def test_by_its_arm_id(wire: Wire, site: Subscription) -> None:
    far = LISTED[OTHER][0]["id"]
    assert site.vault_uses_roles(far) and site.vault_uri(far) == "https://far.vault.azure.test/"
    assert site.vault_uri(HSM_ID) == "https://h.managedhsm.azure.test/" and not site.vault_uses_roles(HSM_ID)
    assert len(wire.sent) == 2, "each is read once"
    assert site.home_of("https://far.vault.azure.test/")["id"] == far and len(wire.sent) == 2
    with pytest.raises(NotFound):
        site.home(far + "-gone")
