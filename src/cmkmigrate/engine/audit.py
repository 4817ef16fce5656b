"""Which workspaces are under a customer-managed key: three features, each judged on its own, from what ARM says.

Where ARM keeps it (Microsoft.Databricks/workspaces, api-versions 2023-02-01 to 2026-01-01):
managed services and disks under `properties.encryption.entities`, the DBFS root under
`properties.parameters.encryption.value`, whose fields are spelled `KeyName`, `keyversion`, `keyvaulturi`. The key
source is written `Microsoft.Keyvault` by ARM, `Microsoft.KeyVault` by the benchmark; its case does not count.

CIS Microsoft Azure Foundations 2.1.8 (v5, v6) and 3.1.8 (v4) ask for it. What cannot be read is `unknown`, and no pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cmkmigrate.errors import CallError, Mistake

VAULT_SOURCE: Final = "microsoft.keyvault"
DEFAULT_SOURCE: Final = "default"
SETTLED: Final = ("succeeded", "ready", "created")  # in other states ARM may show what was only asked for


class Feature(StrEnum):
    """What can be put under a customer-managed key."""

    MANAGED_SERVICES = "managed_services"
    MANAGED_DISKS = "managed_disks"
    DBFS_ROOT = "dbfs_root"


class Verdict(StrEnum):
    """Whose key a feature is under."""

    CMK = "cmk"
    PLATFORM_KEY = "platform-key"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One feature of one workspace. The key is empty where there is none; reason says why the verdict is not `cmk`."""

    subscription: str
    workspace: str
    name: str
    location: str
    sku: str
    feature: Feature
    verdict: Verdict
    reason: str = ""
    vault_uri: str = ""
    key_name: str = ""
    key_version: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """One subscription that was to be looked at. problem: why it could not be; its workspaces are then not counted."""

    subscription: str
    name: str = ""
    workspaces: int = 0
    problem: str = ""


@dataclass(slots=True)
class Audit:
    """What was looked at, and what was found."""

    population: list[Population] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def findings(self) -> int:
        """Features that are not under a customer-managed key, or may not be, and subscriptions that cannot be read."""
        return sum(row.verdict is not Verdict.CMK for row in self.rows) + sum(
            bool(one.problem) for one in self.population
        )


def audit(cloud: Any, subscriptions: Iterable[str] = ()) -> Audit:
    """Look at every workspace of these subscriptions; of all that the caller sees, where none is named.

    `cloud` is a clients.cloud.Cloud. A subscription that cannot be read is a finding; a list of subscriptions that
    cannot be read raises CallError. Raises Mistake where no subscription is seen at all.
    """
    found = Audit()
    named = [(id, "") for id in dict.fromkeys(subscriptions)]
    if not named:
        seen = cloud.subscriptions()
        named = [(str(one.get("subscriptionId") or ""), str(one.get("displayName") or "")) for one in seen]
        named = [(id, name) for id, name in named if id]
    if not named:
        raise Mistake(
            "there is no subscription to look into", why="the signed-in identity sees none", next="az account list"
        )
    for id, name in named:
        try:
            resources = cloud.subscription(id).workspaces()
        except CallError as error:
            found.population.append(Population(id, name, problem=str(error)))
            continue
        found.population.append(Population(id, name, len(resources)))
        for resource in sorted(resources, key=lambda one: str(one.get("id") or "").lower()):
            found.rows += judge(resource)
    return found


def judge(resource: Mapping[str, Any]) -> list[Row]:
    """The three verdicts on one workspace, from the JSON that ARM gives of it. Pure; never raises."""
    arm_id = str(resource.get("id") or "")
    parts = arm_id.split("/")
    properties = _mapping(resource.get("properties"))
    sku = str(_mapping(resource.get("sku")).get("name") or "") or "?"
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
            found = {"verdict": Verdict.UNKNOWN, "reason": "ARM gave no properties of the workspace"}
        rows.append(Row(**common, feature=feature, **found))
    return rows


def _entity(properties: Mapping[str, Any], feature: Feature) -> dict[str, Any]:
    """Managed services or managed disks."""
    if _unreadable(properties.get("encryption")) or _unreadable(_mapping(properties.get("encryption")).get("entities")):
        return {"verdict": Verdict.UNKNOWN, "reason": "ARM's `encryption` is not what it should be"}
    name = "managedServices" if feature is Feature.MANAGED_SERVICES else "managedDisk"
    entity = _mapping(properties.get("encryption")).get("entities") or {}
    block = entity.get(name)
    if block is None or block == {}:
        return {"verdict": Verdict.PLATFORM_KEY, "reason": "no customer-managed key is set"}
    key = _lower(_mapping(block).get("keyVaultProperties"))
    found = _judged(_lower(block).get("keysource"), key.get("keyvaulturi"), key.get("keyname"), key.get("keyversion"))
    if feature is Feature.MANAGED_DISKS and found["verdict"] is Verdict.CMK:
        rotates = _lower(block).get("rotationtolatestkeyversionenabled") is True
        found["note"] = "data disks of classic compute; " + (
            "follows new versions of the key by itself"
            if rotates
            else "the key is not rotated to new versions by itself"
        )
    return found


def _root(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The DBFS root."""
    parameters = properties.get("parameters")
    if _unreadable(parameters):
        return {"verdict": Verdict.UNKNOWN, "reason": "ARM's `parameters` are not what they should be"}
    holder = _mapping(_mapping(parameters).get("encryption"))
    value = _lower(holder.get("value"))
    if not value:
        prepared = _mapping(_mapping(parameters).get("prepareEncryption")).get("value") is True
        reason = "no customer-managed key is set" + (" (the workspace is prepared for one)" if prepared else "")
        return {"verdict": Verdict.PLATFORM_KEY, "reason": reason}
    return _judged(value.get("keysource"), value.get("keyvaulturi"), value.get("keyname"), value.get("keyversion"))


def _judged(source: Any, uri: Any, name: Any, version: Any) -> dict[str, Any]:
    key = {"vault_uri": _text(uri), "key_name": _text(name), "key_version": _text(version)}
    kind = _text(source).lower()
    if kind == VAULT_SOURCE:
        if key["vault_uri"] and key["key_name"]:
            return {"verdict": Verdict.CMK, **key}
        return {"verdict": Verdict.UNKNOWN, "reason": "a key vault is the key source, but no key is named", **key}
    if kind == DEFAULT_SOURCE:
        return {"verdict": Verdict.PLATFORM_KEY, "reason": f"the key source is {source}"}
    return {"verdict": Verdict.UNKNOWN, "reason": f"the key source is {source!r}, which is not known here"}


def _qualified(found: dict[str, Any], feature: Feature, properties: Mapping[str, Any], sku: str) -> dict[str, Any]:
    """What the state, the plan and the mode of the workspace mean for a verdict."""
    state = _text(properties.get("provisioningState"))
    if found["verdict"] is Verdict.CMK and state.lower() not in SETTLED:
        reason = f"the workspace is in the state {state or '?'}: what it shows may not be in force"
        return {**found, "verdict": Verdict.UNKNOWN, "reason": reason}
    if found["verdict"] is Verdict.PLATFORM_KEY:
        if _text(properties.get("computeMode")).lower() == "serverless" and feature is not Feature.MANAGED_SERVICES:
            return {**found, "reason": "a serverless workspace: this feature is not offered for it"}
        if sku.lower() not in ("premium", "trial", "?"):
            return {**found, "reason": f"{found['reason']}; the {sku} plan does not offer it"}
    return found


def posture(migration: Any, target: Any | None) -> dict[str, list[Row]]:
    """The verdicts on both sides of a migration; a side that was opened by URL has none."""
    sides = {"source": migration.source(), "target": target}
    return {side: judge(site.resource) for side, site in sides.items() if site is not None and site.resource}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _unreadable(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping)


def _lower(value: Any) -> dict[str, Any]:
    return {str(key).lower(): one for key, one in _mapping(value).items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
