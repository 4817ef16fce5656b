"""The new workspace: like the old one in all that the service lets be carried over, with the customer-managed keys on.

Every change is a PUT of the whole workspace: what a fresh GET says, and the least difference. Keys that are set once
have to be sent again with every PUT (400 `DiskEncryptionPropertiesRequired` otherwise). A workspace in `Failed` is PUT
again, under the same managed resource group.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId, refuse_group, refuse_ids
from cmkmigrate.errors import Blocked, Mistake, NotFound, Refused
from cmkmigrate.kinds.azure import workspace_network
from cmkmigrate.kinds.azure.operations import UNVERIFIED, at_rest, busy, covers, finish, idle, refused, state_of
from cmkmigrate.kinds.azure.workspace_body import body_of
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

TYPE: Final = "Microsoft.Databricks/workspaces"
LIST: Final = "az databricks workspace list --query [].id"
READ_ONLY: Final = frozenset(
    {
        "provisioningState",
        "createdBy",
        "updatedBy",
        "createdDateTime",
        "workspaceId",
        "workspaceUrl",
        "storageAccountIdentity",
        "managedDiskIdentity",
        "diskEncryptionSetId",
        "privateEndpointConnections",
        "isUcEnabled",
    }
)
_READ_ONLY_PARAMETERS: Final = frozenset({"resourceTags", "enableFedRampCertification", "relayNamespaceName"})
# Assumption: 3 to 64 (the schema) of these characters, as the service's other names and its portal have it.
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{3,64}")
_IDENTITY_S: Final = 300.0  # how long an identity may be missing from a workspace that is ready


class Workspaces(Kind):
    """One workspace. Settings: name, resource_group (default: the source's), existing (ARM id: used as it is),
    features, key_uri, key_name, key_version, the same three with disks_ before them where disks have a key of their
    own, disks_follow_key, double_encryption, managed_resource_group; of its network (all optional): public_subnet,
    private_subnet, virtual_network, endpoint_subnets, access_connector; source (ARM id of the old one: then the network
    is looked at before anything is made)."""

    name = "workspaces"
    service = "arm_databricks"
    at = "arm"
    owns = ("*", "!properties.parameters.encryption", "!properties.defaultCatalog")
    partial = True
    immutable = ("location",)
    server_owned = frozenset(
        {"id", "name", "type", "systemData", "url", "disk_identity", "storage_identity"}
        | {f"properties.{name}" for name in READ_ONLY - {"provisioningState"}}
    )
    unverified = UNVERIFIED
    outputs: ClassVar[dict[str, str]] = {
        "id": "id",
        "name": "name",
        "url": "url",
        "workspace_id": "properties.workspaceId",
        "managed_resource_group": "properties.managedResourceGroupId",
        "disk_identity": "disk_identity",
        "storage_identity": "storage_identity",
    }
    settings: ClassVar[dict[str, type]] = {
        "name": str,
        "resource_group": str,
        "existing": str,
        "features": list,
        "key_uri": str,
        "key_name": str,
        "key_version": str,
        "disks_key_uri": str,
        "disks_key_name": str,
        "disks_key_version": str,
        "disks_follow_key": bool,
        "double_encryption": bool,
        "managed_resource_group": str,
        "public_subnet": str,
        "private_subnet": str,
        "virtual_network": str,
        "endpoint_subnets": list,
        "access_connector": str,
        "source": str,
    }

    def check(self, settings: Settings) -> None:
        refuse_ids(settings, "existing", "source", "virtual_network", "access_connector", "endpoint_subnets")
        refuse_group(settings)
        refuse_group(settings, "managed_resource_group")
        name = str(settings.get("name") or "")
        if name and not settings.get("existing") and KNOWN_AFTER_APPLY not in name:
            _called(settings)

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        existing = str(settings.get("existing") or "")
        home = ResourceId.parse(source.arm_id)
        if existing:
            at = ResourceId.parse(existing)
            body: Body = {}
        else:
            at = ResourceId(home.subscription, settings.get("resource_group") or home.group, TYPE, _called(settings))
        if str(at).lower() == str(home).lower() and settings.get("name"):  # without: it is changed in place
            raise Blocked("the new workspace is the old one", subject=source.arm_id, next="choose another name")
        if not existing:
            body = body_of(source.resource, settings, at)
        elif str(at).lower() == str(home).lower():
            at_rest(source.name, source.resource)
        return [Asset(existing or str(at), key_of(at), at.name, body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        existing = str(settings.get("existing") or "")
        name, group = str(settings.get("name") or ""), str(settings.get("resource_group") or "")
        if existing or group:
            arm_id = existing or str(ResourceId(site.id, group, TYPE, _called(settings)))
            try:
                return [loaded(site.workspace(arm_id))]
            except NotFound:
                if existing:
                    raise Blocked("there is no such workspace", subject=existing, next=LIST) from None
                found = []
        else:
            found = [loaded(one) for one in site.workspaces() if str(one.get("name", "")).lower() == name.lower()]
        if not found and settings.get("source"):
            _look_at_network(site, settings)
        return found

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return loaded(site.workspace(entry.id))

    def fit(self, want: Body, have: Body) -> Body:
        """While an operation goes on, its state is as wanted: `settle` waits for how it ends."""
        if want.get("properties") and busy(have):
            want = copy.deepcopy(want)
            want["properties"]["provisioningState"] = state_of(have)
        return want

    def create(self, site: Subscription, asset: Asset) -> Made:
        return put(site, asset.id, sendable(asset.body or {}))

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        body = have.body or {}
        if busy(body):  # never a PUT while another one is going on; and perhaps that one was this
            body = idle(site, have.id)
            if covers(merged(want.body or {}, {"properties": {"provisioningState": "Succeeded"}}), body):
                return Made(have.id)
        return put(site, have.id, merged(sendable(body), sendable(want.body or {})))

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        """Wait for the operation, then for the identities that the next steps give rights to."""
        body = finish(site, made.id or asset.id, made, asset.body)
        until = time.monotonic() + _IDENTITY_S
        while missing := _missing(body):
            if time.monotonic() > until:
                raise Refused(f"the workspace is ready and has no {missing}")
            time.sleep(site.poll_s)
            body = site.workspace(made.id or asset.id)


def key_of(at: ResourceId) -> str:
    """The key of a workspace: group/name."""
    return f"{at.group}/{at.name}".lower()


def loaded(resource: Body) -> Asset:
    """A workspace as its GET has it, with what later steps ask for beside it."""
    at, properties = ResourceId.parse(str(resource["id"])), resource.get("properties") or {}
    body = dict(resource)
    body["url"] = f"https://{properties['workspaceUrl']}" if properties.get("workspaceUrl") else ""
    body["disk_identity"] = (properties.get("managedDiskIdentity") or {}).get("principalId") or ""
    body["storage_identity"] = (properties.get("storageAccountIdentity") or {}).get("principalId") or ""
    return Asset(str(resource["id"]), key_of(at), at.name, body=body)


def put(site: Subscription, arm_id: str, body: Body) -> Made:
    """ONE PUT of a workspace. Raises Ungranted where a key may not be used."""
    try:
        answer = site.put_workspace(arm_id, body)
    except Refused as error:
        raise refused(site, arm_id, error, body) from None
    return Made(str(answer.body.get("id") or arm_id), answer.operation_url)


def sendable(body: Body) -> Body:
    """What of a GET body (or of a wanted one) a PUT may carry: not what is read-only, no parameter without a value."""
    sent = {name: copy.deepcopy(body[name]) for name in ("location", "sku", "tags") if body.get(name) is not None}
    given = body.get("properties") or {}
    properties = {name: copy.deepcopy(value) for name, value in given.items() if name not in READ_ONLY}
    parameters = {
        name: {"value": one["value"]}
        for name, one in (properties.pop("parameters", None) or {}).items()
        if name not in _READ_ONLY_PARAMETERS and isinstance(one, dict) and "value" in one
    }
    if parameters:
        properties["parameters"] = parameters
    properties.setdefault("computeMode", "Hybrid")  # required since 2026-01-01; older workspaces are all of this mode
    return {**sent, "properties": properties}


def merged(base: Any, change: Any) -> Any:
    """`base` with `change` laid over it, object by object; lists and values are replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{name: merged(base.get(name), value) for name, value in change.items()}}
    return copy.deepcopy(change)


def _look_at_network(site: Subscription, settings: Settings) -> None:
    """Raises Blocked where the new workspace cannot be made in its network. Reads only."""
    found = list(workspace_network.faults(site, site.workspace(str(settings["source"])), settings))
    if found:
        error = found[0].blocked()
        more = "; ".join(f"{one.what} ({one.subject})" for one in found[1:])
        error.why += f"{'; ' if error.why else ''}besides: {more}" if more else ""
        raise error


def _missing(body: Body) -> str:
    """The identity that a workspace should have by now and has not."""
    properties = body.get("properties") or {}
    prepared = ((properties.get("parameters") or {}).get("prepareEncryption") or {}).get("value")
    if prepared and not (properties.get("storageAccountIdentity") or {}).get("principalId"):
        return "storageAccountIdentity"
    disk = ((properties.get("encryption") or {}).get("entities") or {}).get("managedDisk")
    if disk and not (properties.get("managedDiskIdentity") or {}).get("principalId"):
        return "managedDiskIdentity"
    return ""


def _called(settings: Settings) -> str:
    """The name of a new workspace. Raises Mistake for one that the service does not take, before it is in any URL."""
    name = str(settings.get("name") or "")
    if not name:
        raise Mistake("the new workspace has no name", next="set `name`, or `existing` to the ARM id of one")
    if not _NAME.fullmatch(name):
        raise Mistake(
            f"a workspace cannot be called {name!r}",
            why="3 to 64 letters, digits, hyphens and underscores",
            next="choose another target_name",
        )
    return name
