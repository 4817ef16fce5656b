"""The three features that are put under a key, and which key each has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.errors import Mistake

FEATURES: Final = ("managed_services", "managed_disks", "dbfs_root")
ENTITIES: Final = {"managed_services": "managedServices", "managed_disks": "managedDisk"}  # as the workspace has them


def wanted(settings: Mapping[str, Any]) -> list[str]:
    """The `features` of a step, all three where it says nothing of them. Raises Mistake for what is no feature, as one
    that was written wrongly would be left out without a word."""
    features = settings.get("features")
    found = list(FEATURES) if features is None else [str(one) for one in features]
    if unknown := [one for one in found if one not in FEATURES]:
        raise Mistake(f"there is no feature {unknown[0]!r}", why=f"there are: {', '.join(FEATURES)}")
    return found


def key_is_wanted(settings: Mapping[str, Any]) -> bool:
    """Whether the `feature` of a step is among its `features` (a step that names none serves them all). Raises Mistake
    for what is no feature."""
    feature, features = str(settings.get("feature") or ""), wanted(settings)
    if feature and feature not in FEATURES:
        raise Mistake(f"there is no feature {feature!r}", why=f"there are: {', '.join(FEATURES)}")
    return not feature or feature in features


def needs_region(settings: Mapping[str, Any]) -> bool:
    """Whether disks are among the `features` of a step: their key has to be in the region of the workspace."""
    features = settings.get("features")
    return features is None or "managed_disks" in features


def key_properties(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The key's URI, name and version of a step; those that begin with `prefix` where they are given.

    Raises Mistake when one is missing: half a key is refused with 400."""
    own = prefix if settings.get(f"{prefix}key_uri") else ""
    found = {name: str(settings.get(f"{own}{name}") or "") for name in ("key_uri", "key_name", "key_version")}
    missing = [f"{own}{name}" for name, value in found.items() if not value]
    if missing:
        raise Mistake(f"{' and '.join(missing)} must be given", why="a version of a key is named as a whole")
    return found


def entity(settings: Mapping[str, Any], feature: str) -> dict[str, Any]:
    """The block of `encryption.entities` for managed services or disks. Raises Mistake.

    Disks may follow their key (`disks_follow_key`): the vendor's pages on rotation know that of disks alone."""
    key = key_properties(settings, "disks_" if feature == "managed_disks" else "")
    block: dict[str, Any] = {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {
            "keyVaultUri": key["key_uri"],
            "keyName": key["key_name"],
            "keyVersion": key["key_version"],
        },
    }
    if feature == "managed_disks" and settings.get("disks_follow_key"):
        block["rotationToLatestKeyVersionEnabled"] = True
    return block
