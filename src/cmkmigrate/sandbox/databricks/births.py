"""What a workspace is born with, and what may make a new one no clone of the old: metastore, catalogs, runtimes, sizes.

An estate says it of each workspace (`"databricks"` in `"workspaces"` of its arm.json), and of those that are created
from now on (`"born"`). Where it says nothing, all workspaces of a region have the same.
"""

from __future__ import annotations

import uuid
from typing import Any

from cmkmigrate.sandbox.databricks.legacy import SETTINGS
from cmkmigrate.sandbox.databricks.workspace import Body

HIVE = "hive_metastore"
WORDS: dict[str, type] = {"metastore": str, "metastore_region": str, "default_catalog": str}
LISTS = ("runtimes", "node_types", "legacy_off", "catalogs", "storage_credentials", "external_locations")
_NAMESPACE = uuid.UUID("5d0f8a63-1f0e-5b1c-8f5e-3a1c0c9d7b42")


def made(location: str, premium: bool, told: Any) -> Body:
    """All of it, for a workspace in that region. Raises ValueError for what cannot be understood.

    metastore: its id, "" for none (documented: Unity Catalog needs Premium; a region has one metastore, as a rule).
    default_catalog: where names without a catalog are looked for. legacy_off: of `legacy.SETTINGS`, what is disabled.
    runtimes, node_types: the keys and sizes that it lists, None for all. catalogs: names, or bodies with a `name`.
    storage_credentials: {"name", "access_connector", "managed_identity"}; external_locations: {"name", "url",
    "credential"}.
    """
    given: Any = told if told is not None else {}
    if not isinstance(given, dict) or (unknown := set(given) - WORDS.keys() - set(LISTS)):
        raise ValueError(f"unknown of a workspace: {sorted(unknown) if isinstance(given, dict) else given!r}")
    for name, value in given.items():
        if not isinstance(value, list if name in LISTS else WORDS[name]):
            raise ValueError(f"{name} of a workspace cannot be {value!r}")
    if wrong := set(given.get("legacy_off", ())) - set(SETTINGS):
        raise ValueError(f"legacy_off is of {', '.join(SETTINGS)}, not {sorted(wrong)}")
    region = str(given.get("metastore_region") or location)
    metastore = given.get("metastore", identifier("metastore", region) if premium else "")
    found: Body = {
        "metastore": metastore,
        "metastore_region": region,
        "default_catalog": given.get("default_catalog", HIVE),
        "legacy_off": given.get("legacy_off", []),
        "runtimes": given.get("runtimes"),
        "node_types": given.get("node_types"),
        "catalogs": [one if isinstance(one, dict) else {"name": one} for one in given.get("catalogs", ())],
        "storage_credentials": given.get("storage_credentials", []),
        "external_locations": given.get("external_locations", []),
    }
    for kind in LISTS[3:]:
        if not all(isinstance(one, dict) and one.get("name") for one in found[kind]):
            raise ValueError(f"each of the {kind} of a workspace has a name")
    return found


def identifier(*of: str) -> str:
    """The id that belongs to these words."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(of)))
