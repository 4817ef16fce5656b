"""An audit as plain data: what every output is made from. Its schema is docs/audit.schema.json, its version SCHEMA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.audit import health
from cmkmigrate.audit.data_types import covered
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.keys import Key
from cmkmigrate.audit.survey import Audit

SCHEMA: Final = "1.1"  # the first number grows when a reader of an older one would misread it
CONTROLS: Final = (
    {"framework": "CIS Microsoft Azure Foundations", "version": "6.0.0", "control": "2.1.8"},
    {"framework": "CIS Microsoft Azure Foundations", "version": "5.0.0", "control": "2.1.8"},
    {"framework": "CIS Microsoft Azure Foundations", "version": "4.0.0", "control": "3.1.8"},
)
LIMITS: Final = (
    "Azure says that a key is set; that it is used is shown only by using it, for disks by starting compute.",
    "Keys of managed disks cover data disks of classic compute: not disks of the operating system, not serverless.",
    "Storage accounts are those that roles of access connectors and, where asked for, Unity Catalog lead to; mounts, "
    "external tables by account key, and encryption scopes of containers are not read.",
    "The data planes of vaults and workspaces are not read: soft-deleted keys count as missing. Of Managed HSMs they "
    "are, as nothing else shows their keys and local roles: without a local role there, those are unknown.",
    "Deny assignments, and grants that are eligible and not active, are not evaluated.",
    "It supports an audit of the controls that it names; it certifies nothing.",
)


def record(found: Audit, tool: str) -> dict[str, Any]:
    """The audit; times in ISO 8601, UTC. tool: the version of cmkmigrate."""
    return {
        "type": "audit",
        "schema": SCHEMA,
        "tool": tool,
        "began": iso(found.began),
        "ended": iso(found.ended),
        "caller": found.caller,
        "scope_file": found.scope,
        "findings": found.findings,
        "counts": found.counts(),
        "population": [asdict(one) for one in found.population],
        "rows": [asdict(row) for row in found.rows],
        "orphaned": [asdict(one) for one in found.orphaned],
        "keys": [_key(one) for one in found.keys],
        "storage": [asdict(one) for one in found.storage],
        "storage_gaps": list(found.storage_gaps),
        "delta": None,
        "data_types": covered(found.rows),
        "controls": list(CONTROLS),
        "unmatched": list(found.unmatched),
        "notes": list(found.notes),
        "limits": list(LIMITS),
    }


def _key(key: Key) -> dict[str, Any]:
    properties = mapping(key.vault.get("properties"))
    newest = mapping(key.newest.get("properties"))
    attributes = mapping(newest.get("attributes"))
    expires = health.number(attributes.get("exp"))
    return {
        "vault": text(key.vault.get("id")),
        "vault_uri": key.uri,
        "key": key.name,
        "users": key.users,
        "newest_version": health.version_of(key.newest),
        "type": text(newest.get("kty")),
        "size": int(health.number(newest.get("keySize"))) or None,
        "enabled": attributes.get("enabled") if isinstance(attributes.get("enabled"), bool) else None,
        "expires": health.day(expires) if expires else "",
        "purge_protection": properties.get("enablePurgeProtection") is True if key.vault else None,
        "access": _access(key.vault),
        "region": text(key.vault.get("location")),
        "problems": [asdict(one) for one in key.problems],
    }


def _access(vault: Mapping[str, Any]) -> str:
    if not vault:
        return ""
    if health.is_hsm(vault):
        return "local roles"
    return "roles" if health.uses_roles(vault) else "access policies"


def iso(at: float) -> str:
    """Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
