"""What ARM says of a workspace's encryption: three features, each on its own. Pure; asks nobody.

Where ARM keeps it (Microsoft.Databricks/workspaces, api-versions 2023-02-01 to 2026-01-01):
managed services and disks under `properties.encryption.entities`, the DBFS root under
`properties.parameters.encryption.value`, whose fields are spelled `KeyName`, `keyversion`, `keyvaulturi`. The key
source is written `Microsoft.Keyvault` by ARM, `Microsoft.KeyVault` by the benchmark; its case does not count.

CIS Microsoft Azure Foundations 2.1.8 (v5, v6) and 3.1.8 (v4) ask for it. What cannot be read is `unknown`, and no pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.audit.model import Cause, Feature, Row, Verdict

VAULT_SOURCE: Final = "microsoft.keyvault"
DEFAULT_SOURCE: Final = "default"
SETTLED: Final = ("succeeded", "ready", "created")  # in other states ARM may show what was only asked for
OFFERED: Final = ("premium", "trial", "?")  # a plan that is not named is not held against the workspace
DISKS: Final = "data disks of classic compute, not those of the operating system nor of serverless compute"


def judge(resource: Mapping[str, Any]) -> list[Row]:
    """The three verdicts on one workspace, from the JSON that ARM gives of it; a key that is set counts as `cmk`.
    Never raises."""
    arm_id = str(resource.get("id") or "")
    parts = arm_id.split("/")
    properties = mapping(resource.get("properties"))
    sku = str(mapping(resource.get("sku")).get("name") or "") or "?"
    common: dict[str, Any] = {
        "subscription": parts[2] if len(parts) > 2 else "",
        "workspace": arm_id,
        "name": str(resource.get("name") or parts[-1]),
        "location": str(resource.get("location") or ""),
        "sku": sku,
    }
    rows = []
    for feature in Feature:
        if properties:
            found = _root(properties) if feature is Feature.DBFS_ROOT else _entity(properties, feature)
            found = _qualified(found, feature, properties, sku)
        else:
            found = _unknown("form", "ARM gave no properties of the workspace")
        reason = "; ".join(cause.text for cause in found.get("causes", ()))
        rows.append(Row(**common, feature=feature, reason=reason, **found))
    return rows


def rotates(resource: Mapping[str, Any], feature: Feature) -> bool:
    """Whether the feature takes up new versions of its key by itself: only disks have a switch for it."""
    entities = mapping(mapping(mapping(resource.get("properties")).get("encryption")).get("entities"))
    return feature is Feature.MANAGED_DISKS and _switched(entities.get("managedDisk"))


def _switched(block: Any) -> bool:
    return lower(block).get("rotationtolatestkeyversionenabled") is True


def _entity(properties: Mapping[str, Any], feature: Feature) -> dict[str, Any]:
    """Managed services or managed disks."""
    if _unreadable(properties.get("encryption")) or _unreadable(mapping(properties.get("encryption")).get("entities")):
        return _unknown("form", "ARM's `encryption` is not what it should be")
    name = "managedServices" if feature is Feature.MANAGED_SERVICES else "managedDisk"
    entity = mapping(properties.get("encryption")).get("entities") or {}
    block = entity.get(name)
    if block is None or block == {}:
        return _platform("no customer-managed key is set")
    key = lower(mapping(block).get("keyVaultProperties"))
    found = _judged(lower(block).get("keysource"), key.get("keyvaulturi"), key.get("keyname"), key.get("keyversion"))
    if feature is Feature.MANAGED_DISKS and found["verdict"] is Verdict.CMK:
        how = (
            "follows new versions of the key by itself"
            if _switched(block)
            else "the key is not rotated to new versions by itself"
        )
        found["note"] = f"{DISKS}; {how}"
    return found


def _root(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The DBFS root."""
    parameters = properties.get("parameters")
    if _unreadable(parameters):
        return _unknown("form", "ARM's `parameters` are not what they should be")
    value = lower(mapping(mapping(parameters).get("encryption")).get("value"))
    if not value:
        prepared = mapping(mapping(parameters).get("prepareEncryption")).get("value") is True
        return _platform(
            "no customer-managed key is set" + (" (the workspace is prepared for one)" if prepared else "")
        )
    return _judged(value.get("keysource"), value.get("keyvaulturi"), value.get("keyname"), value.get("keyversion"))


def _judged(source: Any, uri: Any, name: Any, version: Any) -> dict[str, Any]:
    key = {"vault_uri": text(uri), "key_name": text(name), "key_version": text(version)}
    kind = text(source).lower()
    if kind == VAULT_SOURCE:
        if key["vault_uri"] and key["key_name"]:
            return {"verdict": Verdict.CMK, **key}
        return {**_unknown("form", "a key vault is the key source, but no key is named"), **key}
    if kind == DEFAULT_SOURCE:
        return _platform(f"the key source is {source}")
    return _unknown("form", f"the key source is {source!r}, which is not known here")


def _qualified(found: dict[str, Any], feature: Feature, properties: Mapping[str, Any], sku: str) -> dict[str, Any]:
    """What the state, the plan and the mode of the workspace mean for a verdict."""
    state = text(properties.get("provisioningState"))
    serverless = text(properties.get("computeMode")).lower() == "serverless" and feature is not Feature.MANAGED_SERVICES
    if found["verdict"] is Verdict.CMK:
        if state.lower() not in SETTLED:
            why = f"the workspace is in the state {state or '?'}: what it shows may not be in force"
            return {**found, **_unknown("state", why)}
        if sku.lower() not in OFFERED or serverless:
            plan = "a serverless workspace" if serverless else f"the {sku} plan"
            return {**found, **_unknown("plan", f"a key is set, though {plan} does not offer it: is it in force?")}
    if found["verdict"] is Verdict.PLATFORM_KEY:
        if serverless:
            return _ineligible("serverless", "a serverless workspace: this feature is not offered for it")
        if sku.lower() not in OFFERED:
            return _ineligible("sku", f"the {sku} plan does not offer it; premium does")
    return found


def _unknown(code: str, why: str) -> dict[str, Any]:
    return {"verdict": Verdict.UNKNOWN, "causes": (Cause(code, why),)}


def _platform(why: str) -> dict[str, Any]:
    return {"verdict": Verdict.PLATFORM_KEY, "causes": (Cause("no-key", why),)}


def _ineligible(code: str, why: str) -> dict[str, Any]:
    return {"verdict": Verdict.NOT_ELIGIBLE, "causes": (Cause(code, why),)}


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _unreadable(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping)


def lower(value: Any) -> dict[str, Any]:
    """An object with its keys in lower case; {} for what is none."""
    return {str(key).lower(): one for key, one in mapping(value).items()}


def text(value: Any) -> str:
    """`value` where it is text, else ""."""
    return value if isinstance(value, str) else ""
