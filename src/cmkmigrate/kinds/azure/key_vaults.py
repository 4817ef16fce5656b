"""The key vault: purge-protected, in the region of the workspace; or one that exists (or an activated managed HSM), in
any subscription of the tenant, and is used as it is.

A name that is taken, or held by a soft-deleted vault, is found before it collides: the service holds a deleted vault's
name for up to 90 days, and what is purge-protected can be purged by nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId, refuse_group, refuse_ids, rule_broken
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound, Stopped
from cmkmigrate.kinds.azure import key_homes
from cmkmigrate.kinds.azure.features import needs_region
from cmkmigrate.kinds.azure.key_rules import VAULT as TYPE
from cmkmigrate.kinds.azure.key_rules import is_hsm
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made


class KeyVaults(Kind):
    """One vault. Settings: name, resource_group and location (default: the source's), sku (standard, premium),
    retention_days (7 to 90, fixed at creation), purge_protection (must be true), rbac, existing (ARM id of a vault or
    managed HSM), features (with disks among them, one that exists has to be in `location`)."""

    name = "key_vaults"
    service = "key_vault_rp"
    at = "arm"
    partial = True
    immutable = ("location",)
    server_owned = frozenset(
        {"id", "uri", "name", "type", "systemData", "properties.vaultUri", "properties.provisioningState"}
    )
    outputs: ClassVar[dict[str, str]] = {"id": "id", "uri": "uri", "name": "name"}
    settings: ClassVar[dict[str, type]] = {
        "name": str,
        "resource_group": str,
        "location": str,
        "sku": str,
        "retention_days": int,
        "purge_protection": bool,
        "rbac": bool,
        "existing": str,
        "features": list,
    }

    def check(self, settings: Settings) -> None:
        refuse_ids(settings, "existing")
        refuse_group(settings)
        name = str(settings.get("name") or "")
        if name and not settings.get("existing") and KNOWN_AFTER_APPLY not in name:
            _name(settings)

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
        return _asset(site.home(entry.id) if is_hsm(entry.id) else site.vault(entry.id))

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
        home = key_homes.home_at(site, arm_id)
        wanted = str(settings.get("location") or "")
        region = wanted if wanted != KNOWN_AFTER_APPLY and needs_region(settings) else ""
        key_homes.usable(site, home, region)
        return _asset(home)


def _asset(body: Body) -> Asset:
    at = ResourceId.parse(str(body["id"]))
    return Asset(str(body["id"]), _key(at), at.name, body={**body, "uri": key_homes.uri_of(body)})


def _key(at: ResourceId) -> str:
    return f"{at.group}/{at.name}".lower()


def _name(settings: Settings) -> str:
    name = settings.get("name")
    if not name:
        raise Mistake("the key vault has no name", next="set `name`, or `existing` to the ARM id of one that exists")
    if why := rule_broken(TYPE, str(name)):  # before it is in any URL
        raise Mistake(f"a key vault cannot be called {str(name)!r}", why=why, next="choose another vault_name")
    return str(name)


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
