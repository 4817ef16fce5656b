"""Resource providers of a subscription: which there are, whether they are registered, and registering one.

Wire: the contract of Microsoft.Resources 2021-04-01. A write in a namespace that is not registered is refused in words
that many have met (among them MicrosoftDocs/azure-docs#87138, nforgeio/neonKUBE#1670, Azure/data-product-streaming#12).
"""

from __future__ import annotations

from cmkmigrate.sandbox.arm import page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

PROVIDER = "/subscriptions/{subscription}/providers/{namespace}"
# Of each provider: its resource types, each with the versions that a client may choose from, the newest first.
PROVIDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Microsoft.Databricks": {"workspaces": ("2026-01-01", "2024-05-01", "2023-02-01", "2018-04-01")},
    "Microsoft.KeyVault": {"vaults": ("2026-02-01", "2023-07-01")},
    "Microsoft.Authorization": {"roleAssignments": ("2022-04-01",), "roleDefinitions": ("2022-04-01",)},
    "Microsoft.Resources": {"resourceGroups": ("2024-11-01", "2021-04-01")},
    "Microsoft.Compute": {"locations/usages": ("2024-07-01",), "diskEncryptionSets": ("2024-03-02",)},
    "Microsoft.Storage": {"storageAccounts": ("2023-05-01",)},
    "Microsoft.Network": {
        "virtualNetworks": ("2024-05-01", "2024-03-01"),
        "networkSecurityGroups": ("2024-05-01", "2024-03-01"),
    },
    "Microsoft.ManagedIdentity": {"userAssignedIdentities": ("2023-01-31",)},
    "Microsoft.PolicyInsights": {"checkPolicyRestrictions": ("2024-10-01", "2023-03-01", "2022-03-01")},
    "Microsoft.Insights": {"diagnosticSettings": ("2021-05-01-preview",)},
}
ALWAYS = ("microsoft.authorization", "microsoft.resources")  # there without being registered
REGIONS = {"westeurope": "West Europe", "northeurope": "North Europe", "eastus": "East US", "westus2": "West US 2"}


def registered(cloud: Cloud, namespace: str) -> bool:
    """Whether a namespace is registered. The setting `unregistered` holds for all subscriptions."""
    name = namespace.lower()
    return name in ALWAYS or name not in cloud.settings.unregistered.lower().split()


def refusal(cloud: Cloud, request: Request) -> Response | None:
    """The 409 of a PUT in a namespace that is not registered."""
    namespace = request.path.rpartition("/providers/")[2].split("/")[0]
    if request.method != "PUT" or registered(cloud, namespace):
        return None
    text = unregistered_text(namespace)
    detail = {"code": "MissingSubscriptionRegistration", "target": namespace, "message": text}
    error = {"code": "MissingSubscriptionRegistration", "message": text, "details": [detail]}
    return json_response({"error": error}, 409)


def unregistered_text(namespace: str) -> str:
    return (
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how "
        "to register subscriptions."
    )


def compute_refusal(cloud: Cloud) -> str:
    """Why no machine can start ("" when one can): who creates a workspace need not have registered Microsoft.Compute.

    MicrosoftDocs/azure-docs#87138.
    """
    return "" if registered(cloud, "Microsoft.Compute") else unregistered_text("Microsoft.Compute")


def _shown(cloud: Cloud, subscription: str, name: str) -> Body:
    where = [*REGIONS.values()]
    types = [
        {"resourceType": type, "locations": where, "apiVersions": [*versions], "capabilities": "None"}
        for type, versions in PROVIDERS[name].items()
    ]
    return {
        "id": f"/subscriptions/{subscription}/providers/{name}",
        "namespace": name,
        "registrationPolicy": "RegistrationFree" if name.lower() in ALWAYS else "RegistrationRequired",
        "registrationState": "Registered" if registered(cloud, name) else "NotRegistered",
        "resourceTypes": types,
    }


@route("GET", "/subscriptions/{subscription}/providers")
def list_providers(cloud: Cloud, request: Request) -> Response:
    """The providers that the sandbox simulates, or has a part in."""
    return page(cloud, request, [_shown(cloud, request.params["subscription"], one) for one in PROVIDERS])


@route("GET", PROVIDER)
def get_provider(cloud: Cloud, request: Request) -> Response:
    """`az resource` reads here which api-version to ask with."""
    namespace = request.params["namespace"]
    name = next((one for one in PROVIDERS if one.lower() == namespace.lower()), "")
    if not name:
        return azure_error(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    return json_response(_shown(cloud, request.params["subscription"], name))


@route("POST", PROVIDER + "/register")
def register(cloud: Cloud, request: Request) -> Response:
    """Register a namespace. Assumption: at once; the real one is `Registering` for some minutes."""
    namespace = request.params["namespace"].lower()
    left = [one for one in cloud.settings.unregistered.split() if one.lower() != namespace]
    cloud.settings.unregistered = " ".join(left)
    return get_provider(cloud, request)
