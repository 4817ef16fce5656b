"""Microsoft.KeyVault/managedHSMs in ARM: shown and listed. They come with an estate, as none is made in a minute.

Contract: managedHsm.json 2023-07-01 of the vendor's specification (`securityDomainProperties` says whether it was
activated), bodies as its examples.
"""

from __future__ import annotations

from cmkmigrate.sandbox.arm import RESOURCE, names_of, need_group, not_found, page
from cmkmigrate.sandbox.cloud import Body, Cloud, Hsm
from cmkmigrate.sandbox.hosts import Names
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

TYPE = "Microsoft.KeyVault/managedHSMs"
HSM = RESOURCE + "Microsoft.KeyVault/managedHSMs/{name}"
PROVIDER = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"


def shown(hsm: Hsm, names: Names) -> Body:
    """An HSM as ARM shows it."""
    domain = {
        "activationStatus": "Active" if hsm.active else "NotActivated",
        "activationStatusMessage": "The managed HSM is active." if hsm.active else "The managed HSM is not activated.",
    }
    return {
        "id": hsm.id,
        "name": hsm.name,
        "type": TYPE,
        "location": hsm.location,
        "tags": hsm.tags,
        "sku": {"family": "B", "name": "Standard_B1"},
        "properties": {
            **hsm.properties,
            "hsmUri": hsm.uri(names),
            "provisioningState": "Succeeded",
            "securityDomainProperties": domain,
        },
    }


@route("GET", HSM)
def get_hsm(cloud: Cloud, request: Request) -> Response:
    need_group(cloud, request)
    name, group = request.params["name"], request.params["group"]
    hsm = cloud.hsms.get(name.lower())
    if hsm is None or hsm.group.lower() != group.lower():
        return not_found(TYPE, name, group)
    return json_response(shown(hsm, names_of(request)))


@route("GET", PROVIDER + "/managedHSMs")
@route("GET", RESOURCE + "Microsoft.KeyVault/managedHSMs")
def list_hsms(cloud: Cloud, request: Request) -> Response:
    group, here = request.params.get("group", "").lower(), request.params["subscription"].lower()
    mine = [one for one in cloud.hsms.values() if one.subscription.lower() == here]
    return page(cloud, request, [shown(one, names_of(request)) for one in mine if group in ("", one.group.lower())])


def properties_of(cloud: Cloud, given: Body) -> Body:
    """The properties of an HSM that an estate brings: protected against purging unless it says otherwise."""
    return {
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []},
        "softDeleteRetentionInDays": 90,
        "enablePurgeProtection": True,
        **given,
        "tenantId": cloud.tenant_id,
        "enableSoftDelete": True,
        "initialAdminObjectIds": [cloud.operator.id],
    }
