"""Microsoft.Databricks/workspaces: create, update, tag, delete, read, list.

Contract: api-version 2026-01-01 (azure-mgmt-databricks 3.0.0); older ones are answered in their shape. Behaviour:
recorded traffic, and error reports of users where the recordings have none; "Assumption:" where neither says it.
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox import arm_encryption, arm_network, injection
from cmkmigrate.sandbox.arm import RESOURCE, api_version, locked, names_of, need_group, not_found, page
from cmkmigrate.sandbox.arm_operations import POLL_MS, start
from cmkmigrate.sandbox.arm_workspace import (
    COMPUTE_MODE_SINCE,
    ECHOED,
    READ_ONLY,
    TYPE,
    Workspace,
    label_of,
    managed_group_for,
    org_id_of,
)
from cmkmigrate.sandbox.cloud import Body, Cloud, resource_id
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

WORKSPACES = RESOURCE + "Microsoft.Databricks/workspaces"
NOT_SERVERLESS = ("parameters", "requiredNsgRules", "managedResourceGroupId", "defaultCatalog", "accessConnector",
                  "defaultStorageFirewall")  # fmt: skip
AT_ONCE = "2018-04-01"  # the version that answers an update with 200 and the final body (recorded)
FIXED_PARAMETERS = ("requireInfrastructureEncryption", "customVirtualNetworkId", "storageAccountName")


def find(cloud: Cloud, request: Request) -> Workspace:
    """The workspace of the route, its operation looked at. Fails with 404."""
    need_group(cloud, request)
    at = request.params
    arm_id = resource_id(at["subscription"], at["group"], TYPE, at["name"])
    found: Workspace | None = cloud.workspaces.get(arm_id.lower())
    if found is None:
        raise Failure(not_found(TYPE, at["name"], at["group"]))
    _settle(cloud, found)
    if found.id.lower() not in cloud.workspaces:  # its deletion has just ended
        raise Failure(not_found(TYPE, at["name"], at["group"]))
    return found


def _settle(cloud: Cloud, workspace: Workspace) -> None:
    if workspace.operation is not None:
        workspace.operation.look(cloud, poll=False)


@route("GET", WORKSPACES + "/{name}")
def get_workspace(cloud: Cloud, request: Request) -> Response:
    return json_response(find(cloud, request).body(cloud, names_of(request), api_version(request)))


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.Databricks/workspaces")
@route("GET", WORKSPACES)
def list_workspaces(cloud: Cloud, request: Request) -> Response:
    if "group" in request.params:
        need_group(cloud, request)
    group, names, version = request.params.get("group", "").lower(), names_of(request), api_version(request)
    here = request.params["subscription"].lower()
    for one in list(cloud.workspaces.values()):
        _settle(cloud, one)
    found = [one for one in cloud.workspaces.values() if one.subscription.lower() == here]
    found = [one for one in found if group in ("", one.group.lower())]
    return page(cloud, request, [one.body(cloud, names, version) for one in found])


@route("PUT", WORKSPACES + "/{name}")
def put_workspace(cloud: Cloud, request: Request) -> Response:
    """Create a workspace, or update it: always 201 with an operation to ask about."""
    need_group(cloud, request)
    at, asked = request.params, request.json()
    arm_id = resource_id(at["subscription"], at["group"], TYPE, at["name"])
    had: Workspace | None = cloud.workspaces.get(arm_id.lower())
    if had is not None:
        _settle(cloud, had)
        had = cloud.workspaces.get(arm_id.lower())
    if (refused := _refusal(cloud, request, had, asked, arm_id)) is not None:
        return refused
    now = cloud.clock.now()
    workspace = had or _new(cloud, at, asked, arm_id, now)
    workspace.asked, workspace.touched = asked, now
    workspace.sku, workspace.tags = _sku(asked), asked.get("tags")
    workspace.state = "Updating" if workspace.settled else "Accepted"
    cloud.workspaces[arm_id.lower()] = workspace
    if workspace.settled and api_version(request) == AT_ONCE:
        why = _finish(cloud, workspace)
        if why:
            return azure_error(400, "ApplianceProvisioningFailed", why)  # Assumption: that it is told so
        return json_response(workspace.body(cloud, names_of(request), AT_ONCE))
    operation = start(cloud, workspace, lambda: _finish(cloud, workspace))
    headers = {"azure-asyncoperation": operation.url(request), **POLL_MS}
    return json_response(workspace.reply(cloud, api_version(request)), 201, headers)


def _sku(asked: Body) -> str:
    return str((asked.get("sku") or {}).get("name", "premium")).lower()


def _new(cloud: Cloud, at: Body, asked: Body, arm_id: str, now: float) -> Workspace:
    properties, org_id = asked["properties"], org_id_of(arm_id)
    managed = properties.get("managedResourceGroupId") or managed_group_for(cloud, at["name"], arm_id)
    location = str(asked["location"]).lower().replace(" ", "")
    made = Workspace(
        at["subscription"], at["group"], at["name"], location, _sku(asked), managed, label_of(org_id), org_id
    )
    made.compute_mode, made.created = properties.get("computeMode", "Hybrid"), now
    cloud.group(made.managed_group_name, location, managed_by=arm_id)
    return made


def _refusal(cloud: Cloud, request: Request, had: Workspace | None, asked: Body, arm_id: str) -> Response | None:
    """Why this PUT is not taken up."""
    properties, name = asked.get("properties"), request.params["name"]
    if not isinstance(properties, dict) or not asked.get("location"):
        text = "The request content was invalid: location and properties are required."  # Assumption: code and text
        return azure_error(400, "InvalidRequestContent", text)
    if not 3 <= len(name) <= 64:  # Assumption: code and text; the lengths are in the specification
        return azure_error(400, "InvalidResourceName", f"The workspace name '{name}' must have 3 to 64 characters.")
    sku = _sku(asked)
    if sku not in ("standard", "premium", "trial"):
        text = "The SKU is invalid. The allowed SKUs are: 'Standard', 'Premium', 'Trial'."
        return azure_error(400, "InvalidDatabricksSku", text)
    mode = properties.get("computeMode")
    if api_version(request) >= COMPUTE_MODE_SINCE and mode not in ("Hybrid", "Serverless"):  # Assumption: code and text
        return azure_error(400, "InvalidComputeMode", "The property 'computeMode' must be 'Hybrid' or 'Serverless'.")
    if mode == "Serverless":
        for one in NOT_SERVERLESS:
            if properties.get(one) is not None:
                text = f"The property '{one[0].upper() + one[1:]}' is not supported for Serverless Workspace"
                return azure_error(400, "FeatureNotSupportedForServerlessWorkspace", text)
    elif not properties.get("managedResourceGroupId"):  # Assumption: code and text
        return azure_error(400, "ManagedResourceGroupIdRequired", "The property 'managedResourceGroupId' is required.")
    parameters = properties.get("parameters") or {}
    if not all(isinstance(one, dict) for one in parameters.values()):  # one without a value is let pass (recorded)
        text = "Each of the parameters must be an object with a value."  # Assumption: code and text
        return azure_error(400, "InvalidRequestContent", text)
    if (refused := locked(cloud, arm_id, delete=False)) is not None:
        return refused
    if (refused := _clash(cloud, had, asked, properties, arm_id)) is not None:
        return refused
    if had is None and (refused := injection.refusal(cloud, request, arm_id, properties)) is not None:
        return refused
    if (refused := arm_network.refusal(cloud, had, properties)) is not None:
        return refused
    return arm_encryption.refusal(had, asked, sku)


def _clash(cloud: Cloud, had: Workspace | None, asked: Body, properties: Body, arm_id: str) -> Response | None:
    """What an existing workspace, or somebody else's resource group, does not let through."""
    managed = str(properties.get("managedResourceGroupId") or "").rstrip("/")
    group = managed.rsplit("/", 1)[-1].lower()
    if had is None:
        if group and (group in cloud.groups or f"/resourcegroups/{group}/" in arm_id.lower() + "/"):  # Assumption
            text = f"The managed resource group '{managed}' exists already. Please give the name of one that does not."
            return azure_error(409, "ManagedResourceGroupAlreadyExists", text)
        return None
    if had.operation is not None and not had.operation.done:  # Assumption: code and text
        text = f"The workspace '{had.name}' is being modified by another operation ({had.state}). Please retry later."
        return azure_error(409, "ApplianceBeingModified", text)
    location = str(asked["location"]).lower().replace(" ", "")
    if location != had.location:
        text = (
            f"The resource '{had.name}' already exists in location '{had.location}' in resource group '{had.group}'. "
            f"A resource with the same name cannot be created in location '{location}'. Please select a new resource "
            "name."
        )
        return azure_error(409, "InvalidResourceLocation", text)
    if managed and managed.lower() != had.managed_group.lower():  # Assumption: the code; the wording was seen by users
        text = f"The managed resource group name doesn't match: '{managed}' was given, '{had.managed_group}' is in use."
        return azure_error(400, "ManagedResourceGroupIdMismatch", text)
    if properties.get("computeMode", had.compute_mode) != had.compute_mode:  # Assumption: code and text
        return azure_error(400, "ComputeModeCannotBeChanged", "The property 'computeMode' cannot be changed.")
    for name in FIXED_PARAMETERS:  # Assumption: code and text; that these are fixed at creation is documented
        given = (properties.get("parameters") or {}).get(name)
        if had.settled and given and given.get("value") != had.parameters.get(name, given.get("value")):
            return azure_error(400, "ParameterCannotBeChanged", f"The parameter '{name}' cannot be changed.")
    return None


def _finish(cloud: Cloud, workspace: Workspace) -> str:
    """Carry out what was asked; on a failure the workspace keeps what it had and is in `Failed`."""
    why = arm_encryption.failure(cloud, workspace)
    if not why and not workspace.settled:
        code, why = injection.problem(cloud, workspace)
        workspace.operation.code = code or workspace.operation.code
    if why:
        workspace.state = "Failed"
        return why
    asked, fresh = workspace.asked["properties"], not workspace.settled
    if fresh:
        workspace.parameters = workspace.defaults()
    # Assumption: a parameter that is not named keeps its value.
    for name, one in (asked.get("parameters") or {}).items():
        if "value" in one and name not in READ_ONLY:
            workspace.parameters[name] = _settled(name, one["value"])
    if workspace.parameters.get("customVirtualNetworkId"):
        workspace.parameters.pop("natGatewayName", None)
    workspace.entities = arm_encryption.entities_of(workspace.asked)
    workspace.others = {name: asked[name] for name in ECHOED if asked.get(name) is not None}
    if workspace.parameters.get("prepareEncryption") and not workspace.storage_identity:
        workspace.storage_identity = cloud.identity("storage", workspace.id)
    if workspace.entities.get("managedDisk") and not workspace.disk_identity:
        workspace.disk_identity = cloud.identity("disks", workspace.id)
    workspace.state, workspace.settled = "Succeeded", True
    if fresh:
        cloud.open_workspace(workspace)
    return ""


def _settled(name: str, value: Any) -> Any:
    """A reverted root encryption keeps nothing but its key source (recorded)."""
    if name == "encryption" and not arm_encryption.is_customer_key(value.get("keySource")):
        return {"keySource": value.get("keySource", "Default")}
    return value


@route("PATCH", WORKSPACES + "/{name}")
def patch_workspace(cloud: Cloud, request: Request) -> Response:
    """Tags, and nothing else."""
    workspace = find(cloud, request)
    if (refused := locked(cloud, workspace.id, delete=False)) is not None:
        return refused
    body = request.json()
    if set(body) - {"tags"}:  # Assumption: code and text; the specification has tags alone
        return azure_error(400, "InvalidRequestContent", "Only tags can be updated.")
    workspace.tags = body.get("tags") or {}
    return json_response(workspace.body(cloud, names_of(request), api_version(request)))


@route("DELETE", WORKSPACES + "/{name}")
def delete_workspace(cloud: Cloud, request: Request) -> Response:
    """202 with `Location`; its managed resource group goes with it. 204 when there is none.

    By default the data of Unity Catalog is retained (documented at `forceDeletion`): where there is some, the managed
    group stays behind with a storage account and an access connector (hashicorp/terraform-provider-azurerm#28959).
    """
    at = request.params
    arm_id = resource_id(at["subscription"], at["group"], TYPE, at["name"])
    workspace: Workspace | None = cloud.workspaces.get(arm_id.lower())
    if workspace is None:
        return Response(204)
    for scope in (workspace.id, workspace.managed_group):
        if (refused := locked(cloud, scope, delete=True)) is not None:
            return refused
    workspace.state = "Deleting"
    everything = request.arg("forceDeletion").lower() == "true"

    def finish() -> str:
        cloud.workspaces.pop(arm_id.lower(), None)
        cloud.served.pop(workspace.label, None)
        if not everything and cloud.settings.catalog_data == "kept" and workspace.sku == "premium":
            cloud.left_behind[workspace.managed_group_name.lower()] = _left(workspace)
        else:
            cloud.groups.pop(workspace.managed_group_name.lower(), None)
        return ""

    operation = start(cloud, workspace, finish)
    return Response(202, headers={"location": operation.url(request), **POLL_MS})


def _left(workspace: Workspace) -> list[Body]:
    """What a deleted workspace leaves in its managed group where data of Unity Catalog is retained."""
    named = (
        ("Microsoft.Storage/storageAccounts", str(workspace.parameters.get("storageAccountName", "dbstorage"))),
        ("Microsoft.Databricks/accessConnectors", "unity-catalog-access-connector"),
    )
    group = workspace.managed_group.rstrip("/")
    return [
        {
            "id": f"{group}/providers/{kind}/{name}",
            "name": name,
            "type": kind,
            "location": workspace.location,
            "tags": None,
        }
        for kind, name in named
    ]
