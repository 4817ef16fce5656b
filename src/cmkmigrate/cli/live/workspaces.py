"""Questions to the resource provider of workspaces. Each leaves the workspace usable for the next one, or says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmkmigrate.cli.live import compute
from cmkmigrate.cli.live.check import Check, NotSettled, Seen
from cmkmigrate.cli.live.ground import GRANT_S, Ground, Written
from cmkmigrate.errors import NotYet, Refused
from cmkmigrate.kinds.azure.operations import refusal

SOURCE = "keyVaultProperties"


def paths(body: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The names in a body, dotted; not those of tags, which are the caller's."""
    for name, one in body.items():
        path = f"{before}{name}"
        yield path
        if isinstance(one, Mapping) and name not in ("tags", "resourceTags"):
            yield from paths(one, f"{path}.")


def entity(key: tuple[str, str, str]) -> dict[str, Any]:
    """An encryption entity that names a key by URI, name and version."""
    uri, name, version = key
    return {"keySource": "Microsoft.Keyvault", SOURCE: {"keyVaultUri": uri, "keyName": name, "keyVersion": version}}


def entities(**named: Any) -> dict[str, Any]:
    """The properties that name these entities."""
    return {"encryption": {"entities": named}}


def standing(ground: Ground) -> str:
    """The ARM id of the workspace that the questions are put to. Raises NotSettled where it was never made."""
    _created(ground)
    return ground.workspace_id("one")


def _created(ground: Ground) -> Written:
    def make() -> Written:
        arm_id = ground.workspace_id("one")
        network = {"publicNetworkAccess": "Enabled", "requiredNsgRules": "AllRules"}
        parameters = {"enableNoPublicIp": {"value": True}}
        written = ground.put(arm_id, ground.body(arm_id, parameters=parameters, **network))
        if written.operation.get("status") != "Succeeded":
            raise Refused(f"it is {written.seen()}")
        return written

    made: Written = ground.once("the workspace", make)
    return made


def _standard(ground: Ground) -> Seen:
    arm_id, key = ground.workspace_id("standard"), ground.key(ground.vault(protected=True), "services-key")
    return ground.put(arm_id, ground.body(arm_id, "standard", **entities(managedServices=entity(key)))).seen()


def _bodies(ground: Ground) -> Seen:
    written = _created(ground)
    named = [name for name in ("azure-asyncoperation", "location", "retry-after") if name in written.answer.headers]
    read = ground.site.workspace(ground.workspace_id("one"))
    reply = sorted(paths(written.answer.body))
    return {"status": written.answer.status, "headers": named, "reply": reply, "read": sorted(paths(read))}


def _values(ground: Ground) -> Seen:
    read = ground.site.workspace(standing(ground))
    compliance = (read.get("properties") or {}).get("enhancedSecurityCompliance")
    return {"sku": read.get("sku"), "compliance": compliance if compliance else "absent"}


def _disk(ground: Ground) -> Seen:
    key = ground.key(ground.vault(protected=True), "disk-key")
    return ground.change(standing(ground), entities(managedDisk=entity(key))).seen()


def _with_disk(ground: Ground) -> str:
    arm_id = standing(ground)
    encryption = (ground.site.workspace(arm_id).get("properties") or {}).get("encryption") or {}
    if not (encryption.get("entities") or {}).get("managedDisk"):
        raise NotSettled("the disks of the workspace are under no key, after disk-without-grant")
    return arm_id


def _dropped(ground: Ground) -> Seen:
    return ground.change(_with_disk(ground), {}, drop="managedDisk").seen()


def _to_default(ground: Ground) -> Seen:
    default = {"keySource": "Default"}
    return ground.change(_with_disk(ground), entities(managedDisk=default), drop="managedDisk").seen()


def _start(ground: Ground) -> Seen:
    return compute.start(ground, _with_disk(ground))


def _while_running(ground: Ground) -> Seen:
    arm_id, vault = _with_disk(ground), ground.vault(protected=True)
    disks = ground.site.workspace(arm_id)["properties"]["managedDiskIdentity"]["principalId"]
    second = ground.key(vault, "other-disk-key")
    for key in ("disk-key", "other-disk-key"):
        ground.grant(vault, key, disks)
        ground.grant(vault, key, "azure_databricks")
    with compute.running(ground, arm_id):
        return ground.change(arm_id, entities(managedDisk=entity(second))).seen()


def _other_region(ground: Ground) -> Seen:
    key = ground.key(ground.vault(protected=True, location=ground.second), "far-key")
    return ground.change(standing(ground), entities(managedDisk=entity(key))).seen()


def _services(ground: Ground) -> Seen:
    key = ground.key(ground.vault(protected=True), "services-key")
    written = ground.change(standing(ground), entities(managedServices=entity(key)))
    return {**written.seen(), "names": sorted(paths(written.operation))}


def _root(ground: Ground) -> Seen:
    arm_id, vault = standing(ground), ground.vault(protected=True)
    uri, name, _ = ground.key(vault, "root-key")
    prepared = ground.change(arm_id, {"parameters": {"prepareEncryption": {"value": True}}})
    if prepared.operation.get("status") != "Succeeded":
        raise NotSettled(f"prepareEncryption: {ground.scrub.value(prepared.seen())}")
    storage = ground.site.workspace(arm_id)["properties"]["storageAccountIdentity"]["principalId"]
    ground.grant(vault, name, storage)
    value = {"keySource": "Microsoft.Keyvault", "KeyName": name, "keyversion": "", "keyvaulturi": uri}
    change = {"parameters": {"prepareEncryption": {"value": True}, "encryption": {"value": value}}}
    seen: Seen = {}

    def settled() -> bool:
        nonlocal seen
        seen = ground.change(arm_id, change).seen()
        why = refusal(Refused(str(seen.get("text") or ""), code=str(seen.get("code") or "")))
        return seen.get("operation") == "Succeeded" or not isinstance(why, NotYet)

    ground.until(settled, "the grant to the storage does not take effect", GRANT_S)
    parameters = ground.site.workspace(arm_id)["properties"].get("parameters") or {}
    shown = ((parameters.get("encryption") or {}).get("value") or {}).get("keyversion")
    return {**seen, "version shown": "none" if not shown else "one"}


def _firewall(ground: Ground) -> Seen:
    return ground.change(standing(ground), {"defaultStorageFirewall": "Enabled"}).seen()


BEFORE = (
    Check(
        "standard-with-key",
        1,
        "What is said to a key for a workspace that is not Premium?",
        "nothing, or a Standard workspace that is deleted again; a key",
        _standard,
    ),
    Check(
        "bodies",
        17,
        "What do the answers to a PUT and a GET hold at api-version 2026-01-01?",
        "a Premium workspace in a network of the service's own",
        _bodies,
    ),
    Check("values", 15, "Do sku.tier and complianceStandards appear unasked?", "nothing", _values),
    Check(
        "disk-without-grant",
        4,
        "Is a key for disks accepted that nobody may use?",
        "a key; it puts the disks of that workspace under it, which cannot be undone",
        _disk,
    ),
    Check("disk-dropped", 14, "Is a PUT refused that leaves the key of the disks out?", "nothing", _dropped),
    Check("disk-to-default", 14, "Can the key of the disks be turned off?", "nothing", _to_default),
    Check(
        "start-without-grant",
        5,
        "How does compute end whose disks are under a key that they may not use?",
        "a cluster of one machine, which should not come to life; it is deleted again",
        _start,
        needs="compute",
    ),
    Check(
        "disk-while-running",
        3,
        "Is the key of the disks changed while a cluster runs?",
        "a key and grants; a cluster of one machine, for some minutes",
        _while_running,
        needs="compute",
    ),
    Check(
        "other-region",
        1,
        "What is said to a key for disks in a vault of another region?",
        "a key vault with purge protection in that region, which stays behind; a key",
        _other_region,
        needs="second location",
    ),
    Check(
        "services-without-grant",
        2,
        "What does a failed operation look like, here for a key that the service may not use?",
        "nothing; the workspace is in Failed for a while",
        _services,
    ),
    Check(
        "root-without-version",
        6,
        "Does DBFS root take a key without a version, and what does a GET show?",
        "a key and a grant; it puts the DBFS root of that workspace under it",
        _root,
    ),
)
AFTER = (
    Check(
        "storage-firewall",
        13,
        "What is said to a storage firewall without an access connector and a network of one's own?",
        "nothing, or a firewall at the storage of that workspace",
        _firewall,
    ),
)
