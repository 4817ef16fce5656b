"""PF07 to PF10 and PF19: the vault, as Resource Manager shows it; its content is not opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cmkmigrate.audit import health
from cmkmigrate.errors import Denied
from cmkmigrate.kinds.azure.key_rules import vault_problems
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown

_NONE = "does not apply: no vault is used"
_OTHER = "then name it as it is (vault_id), or choose another vault_name; it is never purged here"


def _each(ground: Ground, check: str, look: Callable[[Thing], Seen], made: str) -> Iterable[Seen]:
    """`look` at each vault that is there; `made` says why one that is to be made holds. Managed HSMs by the rules."""
    seen = [look(one) if one.resource else passed(f"{one.name} is made: {made}") for one in ground.vaults()]
    seen += [_by_rule(ground, one, check) for one in ground.hsms()]
    return seen or [passed(_NONE)]


def _by_rule(ground: Ground, hsm: Thing, check: str) -> Seen:
    """What the rules say of a managed HSM under one check."""
    if hsm.resource is None:
        return failed(f"there is no managed HSM {hsm.id}", advice="name one that exists: vault_id, key_id")
    region = _region(ground.resource().resource) if "managed_disks" in ground.features_of(hsm) else ""
    for one in vault_problems(hsm.resource, ground.site.tenant_id, region):
        if one.check == check:
            return failed(f"{hsm.name}: {one.what}: {one.why}", one.fix)
    return passed(f"{hsm.name} is a managed HSM, and nothing of this is in its way")


def tenant(ground: Ground) -> Iterable[Seen]:
    """PF07. A vault of another tenant can be used by no workspace (the vendor's page on keys)."""

    def look(vault: Thing) -> Seen:
        theirs, ours = str(vault.properties.get("tenantId") or "").lower(), str(ground.site.tenant_id).lower()
        if theirs == ours:
            return passed(f"{vault.name} is in the tenant {ours}")
        if not theirs:
            return unknown(f"{vault.name} does not say its tenant", f"az keyvault show --name {vault.name}")
        text = f"{vault.name} is in the tenant {theirs}, the workspace in {ours}"
        return failed(text, advice="name a vault of that tenant, or let one be made")

    return _each(ground, "PF07", look, "in the workspace's tenant")


def region(ground: Ground) -> Iterable[Seen]:
    """PF08. Disks need key and workspace in one region; of the other features the vendor asks for the tenant alone."""

    def look(vault: Thing) -> Seen:
        theirs, ours = _region(vault.resource), _region(ground.resource().resource)
        if theirs == ours:
            return passed(f"{vault.name} is in {ours}")
        if theirs and "managed_disks" not in ground.features_of(vault):
            return passed(f"{vault.name} is in {theirs}, and holds no key of disks, which alone need it in {ours}")
        text = f"{vault.name} is in {theirs or 'no known region'}, the workspace in {ours}"
        return failed(text, advice="name a vault of that region, or let one be made")

    return _each(ground, "PF08", look, "in the workspace's region")


def _region(resource: object) -> str:
    location = resource.get("location") if isinstance(resource, dict) else ""
    return str(location or "").replace(" ", "").lower()


def protected(ground: Ground) -> Iterable[Seen]:
    """PF09. Storage and disks take no key of a vault that can be purged."""

    def look(vault: Thing) -> Seen:
        if vault.properties.get("enableSoftDelete", True) is not True:  # on for every vault since 2020, and for good
            fix = f"az resource update --ids {vault.id} --set properties.enableSoftDelete=true"
            return failed(f"{vault.name} has no soft delete, which cannot be undone", fix)
        if vault.properties.get("enablePurgeProtection") is not True:
            fix = f"az keyvault update --name {vault.name} --enable-purge-protection true"
            return failed(f"{vault.name} can be purged; protecting it cannot be undone", fix)
        days = vault.properties.get("softDeleteRetentionInDays") or "no known number of"
        return passed(f"{vault.name} is protected; what is deleted is kept for {days} days")

    return _each(ground, "PF09", look, "with purge protection, which cannot be undone")


def firewall(ground: Ground) -> Iterable[Seen]:
    """PF10. Azure Databricks, Disk Storage and Storage come as trusted services, where `bypass` lets them."""

    def look(vault: Thing) -> Seen:
        walls = [cause for cause in health.of_vault(vault.resource or {}) if cause.code == "firewall"]
        if walls:
            text = f"{walls[0].text}: Azure Databricks, disks and storage are to use the key"
            if str(vault.properties.get("publicNetworkAccess") or "").lower() == "securedbyperimeter":
                advice = "take it out of the perimeter, or name a vault outside of one: no bypass counts in it"
                return failed(text, f"az keyvault show --name {vault.name}", advice)
            return failed(text, f"az keyvault update --name {vault.name} --bypass AzureServices")
        rules = vault.properties.get("networkAcls") or {}
        closed = str(vault.properties.get("publicNetworkAccess") or "").lower() == "disabled"
        closed = closed or str(rules.get("defaultAction") or "").lower() == "deny"
        if not closed:
            return passed(f"{vault.name} is open to every network")
        making = [one for one in ground.of("keys") if one.makes and known(one.settings.get("name"))]
        if making:  # which passes by the firewall, and needs no right on the vault's content
            text = "which is enough: the key is made in it through Resource Manager"
            return passed(f"{vault.name} is closed but to trusted services, {text}")
        return passed(f"{vault.name} is closed but to trusted services, which is enough for a key that exists")

    return _each(ground, "PF10", look, "open to every network")


def name(ground: Ground) -> Iterable[Seen]:
    """PF19. A deleted vault holds its name until it is purged, for up to 90 days. None is ever purged here."""
    seen = []
    for vault in ground.vaults():
        if vault.resource:
            seen.append(passed(f"{vault.name} is there, and used as it is"))
            continue
        taken = ground.site.vault_name_taken(vault.name)
        if not taken:
            seen.append(passed(f"the name {vault.name} is free"))
            continue
        try:
            all = ground.site.deleted_vaults()
        except Denied:  # the name is taken all the same
            text = f"the name {vault.name} cannot be had: {taken}; who holds it may not be read"
            seen.append(failed(text, "az keyvault list-deleted --resource-type vault", "choose another vault_name"))
            continue
        deleted = [one for one in all if str(one.get("name", "")).lower() == vault.name.lower()]
        if deleted:
            when = (deleted[0].get("properties") or {}).get("scheduledPurgeDate") or "it is purged"
            text = f"the name {vault.name} is held by a deleted vault until {when}"
            seen.append(failed(text, f"az keyvault recover --name {vault.name}", _OTHER))
        else:
            seen.append(failed(f"the name {vault.name} cannot be had: {taken}", advice="choose another vault_name"))
    return seen or [passed(_NONE)]


CHECKS = (
    Check("PF07", "Vault in the same tenant", tenant),
    Check("PF08", "Vault in the region of the workspace", region),
    Check("PF09", "Soft delete and purge protection", protected),
    Check("PF10", "Vault firewall lets the services in", firewall),
    Check("PF19", "Vault name free and not soft-deleted", name),
)
