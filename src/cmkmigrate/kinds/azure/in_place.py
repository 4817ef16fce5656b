"""What must hold before a workspace that exists is changed where it is. Reads only what was read already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Blocked, Mistake
from cmkmigrate.kinds.base import Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY

OWNERS: Final = ("none", "terraform", "bicep", "arm")
# Tags by which teams say that a tool owns a resource; `azd-env-name` is set by the Azure Developer CLI itself.
# Assumption: there is no field of Azure's for it, so that a workspace without such a tag may be owned all the same.
_SIGN: Final = re.compile(
    r"terraform|tofu|bicep|pulumi|azd-env-name|\barm.?template|\biac\b|infra.*as.*code", re.IGNORECASE
)


def is_source(source: Site, arm_id: str) -> bool:
    """Whether an ARM id is that of the source, however it is written: what is asked of a workspace that is changed in
    place must not hang on a slash at the end. Raises Mistake for what is no ARM id."""
    if not arm_id or not source.arm_id:
        return False
    return str(ResourceId.parse(arm_id)).lower() == str(ResourceId.parse(source.arm_id)).lower()


def owned(source: Site, settings: Settings) -> None:
    """Raises Blocked where a tag shows that a tool owns the workspace and nobody has said what becomes of its code,
    Mistake for an owner that there is none of."""
    said = str(settings.get("iac") or "")
    if said and said not in OWNERS:
        raise Mistake(f"iac cannot be {said!r}", why=f"it is one of {', '.join(OWNERS)}")
    if not said and (sign := sign_of(source.resource)):
        raise Blocked(
            "code seems to own this workspace, and would take the change back, or make the workspace anew",
            subject=source.name,
            why=f"its tag {sign}",
            next="say who owns it, -p iac=terraform, bicep, arm or none: the change is printed for that code",
        )


def sign_of(resource: Mapping[str, Any]) -> str:
    """The tag that shows that a tool owns a resource, as `name=value`; "" where none does."""
    for name, value in sorted((resource.get("tags") or {}).items()):
        if _SIGN.search(f"{name} {value}"):
            return f"{name}={value}"
    return ""


def covered(source: Site, settings: Settings) -> None:
    """Raises Mistake where contents are to be written anew, or the disks' key is to be proven, and there is no such
    key: none is on, and `features` asks for none."""
    features = settings.get("features")
    for word, feature, entity, what in (
        ("rewrite", "managed_services", "managedServices", "contents would be written anew under the platform's key"),
        ("probe", "managed_disks", "managedDisk", "there is no key of the disks to be proven"),
    ):
        left_out = features is not None and feature not in features
        if settings.get(word) and left_out and not entity_key(source, entity)["key_name"]:
            raise Mistake(
                what,
                subject=source.name,
                why=f"no key of yours is on, and `features` does not ask for {feature}",
                next=f"add {feature} to features, or leave {word} out",
            )


def same_key(source: Site, now: Mapping[str, str], key: Mapping[str, str], settings: Settings, what: str) -> None:
    """Raises Blocked where another key is on already and nobody asked for its replacement.

    now, key: `key_uri`, `key_name`, `key_version` of what is on and of what shall be; a new version is no other key.
    """
    there = _named(now)
    if not now.get("key_name") or settings.get("replace_key") or there.casefold() == _named(key).casefold():
        return
    raise Blocked(
        f"{what} have another key already",
        subject=source.name,
        why=f"on is {there}; asked for is {_named(key)}",
        next="name that key (vault_id, key_id), or replace it with -p replace_key=true",
    )


def entity_key(source: Site, entity: str) -> dict[str, str]:
    """The key of `managedServices` or `managedDisk` that is on now; empty values where there is none."""
    encryption = (source.resource.get("properties") or {}).get("encryption") or {}
    held = ((encryption.get("entities") or {}).get(entity) or {}).get("keyVaultProperties") or {}
    names = {"key_uri": "keyVaultUri", "key_name": "keyName", "key_version": "keyVersion"}
    return {name: str(held.get(field) or "") for name, field in names.items()}


def root_key(source: Site) -> dict[str, str]:
    """The key of the DBFS root that is on now; empty values where there is none."""
    parameters = (source.resource.get("properties") or {}).get("parameters") or {}
    value = (parameters.get("encryption") or {}).get("value") or {}
    own = value if str(value.get("keySource", "")).casefold() == "microsoft.keyvault" else {}
    names = {"key_uri": "keyvaulturi", "key_name": "KeyName", "key_version": "keyversion"}
    return {name: str(own.get(field) or "") for name, field in names.items()}


def _named(key: Mapping[str, str]) -> str:
    uri = str(key.get("key_uri") or "").rstrip("/")
    if KNOWN_AFTER_APPLY in (uri, key.get("key_name")):
        return "a key that is still to be made"
    return f"{uri}/keys/{key.get('key_name')}"
