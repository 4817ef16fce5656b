"""The key vault: purge-protected, in the region of the workspace; or one that exists and is used as it is.

A name that is taken, or held by a soft-deleted vault, is found before it collides: the service holds a deleted vault's
name for up to 90 days, and what is purge-protected can be purged by nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound, Stopped
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

TYPE = "Microsoft.KeyVault/vaults"


class KeyVaults(Kind):
    """One vault. Settings: name, resource_group and location (default: the source's), sku (standard, premium),
    retention_days (7 to 90, fixed at creation), purge_protection (must be true), rbac, existing (ARM id of a vault)."""

    name = "key_vaults"
    service = "key_vault_rp"
    at = "arm"
    partial = True
    immutable = ("location",)
    server_owned = frozenset(
        {"id", "name", "type", "systemData", "properties.vaultUri", "properties.provisioningState"}
    )
    outputs: ClassVar[dict[str, str]] = {"id": "id", "uri": "properties.vaultUri", "name": "name"}
    settings: ClassVar[dict[str, type]] = {
        "name": str,
        "resource_group": str,
        "location": str,
        "sku": str,
        "retention_days": int,
        "purge_protection": bool,
        "rbac": bool,
        "existing": str,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if settings.get("purge_protection", True) is not True:
            raise Mistake("purge_protection must be true", why="storage and disks take no key of a vault without it")
        existing = str(settings.get("existing") or "")
        if existing:
            at = ResourceId.parse(existing)
            return [Asset(existing, _key(at), at.name, body={})]
        home = ResourceId.parse(source.arm_id)
        at = ResourceId(home.subscription, settings.get("resource_group") or home.group, TYPE, _name(settings))
        body: Body = {
            "location": settings.get("location") or source.location,
            "properties": {
                "sku": {"family": "A", "name": settings.get("sku") or "standard"},
                "enablePurgeProtection": True,
                "enableRbacAuthorization": settings.get("rbac", True),
                "softDeleteRetentionInDays": settings.get("retention_days") or 90,
            },
        }
        return [Asset(str(at), _key(at), at.name, body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        existing = str(settings.get("existing") or "")
        if existing:
            return [self._existing(site, existing, settings)]
        name, group = _name(settings), str(settings.get("resource_group") or "")
        _ = site.tenant_id  # a create needs it, and reads nothing
        if group:
            try:
                found = [site.vault(str(ResourceId(site.id, group, TYPE, name)))]
            except NotFound:
                found = []
        else:
            found = [one for one in site.vaults() if str(one.get("name", "")).lower() == name.lower()]
        if not found:
            _free(site, name)
        return [_asset(body) for body in found]

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return _asset(site.vault(entry.id))

    def create(self, site: Subscription, asset: Asset) -> Made:
        body: Body = dict(asset.body or {})
        body["properties"] = {"tenantId": site.tenant_id, **body["properties"]}
        if not body["properties"]["enableRbacAuthorization"]:
            body["properties"]["accessPolicies"] = []
        return Made(str(site.put_vault(asset.id, body)["id"]))

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        site.patch_vault(have.id, {"properties": dict((want.body or {})["properties"])})
        return Made(have.id)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        """Wait until its name can be resolved (`RegisteringDns` ends in `Succeeded`)."""
        until = time.monotonic() + site.operation_s
        while (state := (site.vault(made.id).get("properties") or {}).get("provisioningState")) == "RegisteringDns":
            if time.monotonic() + site.poll_s > until:
                raise Stopped(
                    "the key vault does not get ready", subject=made.id, why=f"it is {state}", next="cmkmigrate resume"
                )
            time.sleep(site.poll_s)

    def _existing(self, site: Subscription, arm_id: str, settings: Settings) -> Asset:
        """A vault that is used as it is. Raises Blocked where that cannot go well."""
        at = ResourceId.parse(arm_id)
        if at.type.lower() != TYPE.lower():
            raise Blocked("this is not a key vault", subject=arm_id, why=f"it is of the type {at.type}, not {TYPE}")
        try:
            body = site.vault(arm_id)
        except NotFound:
            raise Blocked("there is no such key vault", subject=arm_id, next="az keyvault list --query [].id") from None
        properties = body.get("properties") or {}
        if not properties.get("enablePurgeProtection"):
            raise Blocked(
                "the key vault is not purge-protected",
                subject=at.name,
                why="storage and disks take no key of such a vault; protecting it cannot be undone",
                next=f"az keyvault update --name {at.name} --enable-purge-protection true",
            )
        _reachable(at.name, properties)
        if str(properties.get("tenantId") or site.tenant_id).lower() != site.tenant_id.lower():
            raise Blocked(
                "the key vault is in another tenant than the workspace",
                subject=at.name,
                why=f"it is in {properties.get('tenantId')}, and the workspace in {site.tenant_id}",
                next="name a vault in that tenant, or let one be made",
            )
        wanted = str(settings.get("location") or "")
        if wanted and wanted != KNOWN_AFTER_APPLY and _region(wanted) != _region(str(body.get("location", ""))):
            raise Blocked(
                "the key vault is in another region than the workspace",
                subject=at.name,
                why=f"it is in {body.get('location')}, and disks need it in {wanted}",
                next="name a vault in that region, or let one be made",
            )
        return _asset(body)


def _reachable(name: str, properties: Body) -> None:
    """Raises Blocked where the vault's firewall keeps the services out that are to use the key."""
    network = properties.get("networkAcls") or {}
    closed = str(network.get("defaultAction", "")).lower() == "deny"
    closed = closed or str(properties.get("publicNetworkAccess", "")).lower() == "disabled"
    if closed and str(network.get("bypass", "AzureServices")).lower() == "none":
        raise Blocked(
            "the firewall of the key vault keeps out the services that are to use the key",
            subject=name,
            why="Azure Databricks, disks and storage come as trusted services, and its bypass is None",
            next=f"az keyvault update --name {name} --bypass AzureServices",
        )


def _asset(body: Body) -> Asset:
    at = ResourceId.parse(str(body["id"]))
    return Asset(str(body["id"]), _key(at), at.name, body=body)


def _key(at: ResourceId) -> str:
    return f"{at.group}/{at.name}".lower()


def _name(settings: Settings) -> str:
    name = settings.get("name")
    if not name:
        raise Mistake("the key vault has no name", next="set `name`, or `existing` to the ARM id of one that exists")
    return str(name)


def _region(text: str) -> str:
    return text.replace(" ", "").lower()


def _free(site: Subscription, name: str) -> None:
    """Raises Blocked when the name is held by a soft-deleted vault or by somebody else's."""
    taken = site.vault_name_taken(name)
    if not taken:
        return
    try:
        deleted: list[dict[str, Any]] = site.deleted_vaults()
    except Denied:  # the name is taken all the same
        deleted = []
    for one in deleted:
        if str(one.get("name", "")).lower() == name.lower():
            properties = one.get("properties") or {}
            raise Blocked(
                "the name belongs to a key vault that was deleted",
                subject=name,
                why=f"it is held until {properties.get('scheduledPurgeDate', 'it is purged')}",
                next=f"az keyvault recover --name {name}; or choose another vault_name",
            )
    raise Blocked("the key vault cannot have this name", subject=name, why=taken, next="choose another vault_name")
