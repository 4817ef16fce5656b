"""Cluster policies: rules, written as JSON in a string, for what a cluster may be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.compute import IN_SECRET, WORKSPACE_FILES, library_refs
from cmkmigrate.model import Asset, Body, Entry, Made, Reference

POLICIES = "/api/2.0/policies/clusters"
_RULES = ("definition", "policy_family_definition_overrides")
_POOLS = ("instance_pool_id", "driver_instance_pool_id")
# A rule's name has dots in it (`init_scripts.0.workspace.destination`), so its value is found in the text.
_DESTINATION = r'"(?:value|defaultValue)"\s*:\s*"(/(?:Workspace|Users|Shared|Repos)/[^"]+)"'


def _references() -> Iterator[Reference]:
    for rules, pool, at in itertools.product(_RULES, _POOLS, ("value", "defaultValue", "values[*]")):
        yield Reference(rules, ("instance_pools",), inside_json=f"{pool}.{at}")
    for rules in _RULES:
        yield Reference(rules, WORKSPACE_FILES, "prefix", within=_DESTINATION, missing="warn")
        yield Reference(rules, ("secret_scopes",), "key", within=IN_SECRET, missing="warn")
    yield from library_refs("libraries")


class ClusterPolicies(Kind):
    """Known by name. The string is sent as it came (with pool ids of the target) and compared as the JSON it holds.

    A policy of a family is sent as the family's id and the overrides: its `definition` is what the service merges from
    both, and is not a part of the body. The policies that a workspace is born with are mapped.
    """

    name = "cluster_policies"
    service = "cluster_policies"
    permission_type = "cluster-policies"
    server_owned = frozenset({"policy_id", "creator_user_name", "created_at_timestamp", "is_default"})
    refs = tuple(_references())

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for found in site.read(f"{POLICIES}/list").get("policies") or ():
            yield _asset(found)

    def create(self, site: Site, asset: Asset) -> Made:
        return Made(str(site.write("POST", f"{POLICIES}/create", asset.body)["policy_id"]))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None
        site.write("POST", f"{POLICIES}/edit", want.body | {"policy_id": have.id})
        return Made(have.id)

    def delete(self, site: Site, entry: Entry) -> None:
        site.write("POST", f"{POLICIES}/delete", {"policy_id": entry.id})

    def seeded(self, site: Site, entry: Entry) -> bool:
        """Marked as a default; or named as its family, without overrides (terraform-provider-databricks, exporter)."""
        body = self.load(site, entry).body or {}
        family = body.get("policy_family_id")
        if body.get("is_default"):
            return True
        if not family or body.get("policy_family_definition_overrides"):
            return False
        return _family_name(site, str(family)) == entry.key


def _asset(found: Body) -> Asset:
    body = dict(found)
    if body.get("policy_family_id"):
        body.pop("definition", None)
    return Asset(str(found["policy_id"]), str(found["name"]), str(found["name"]), body=body)


def _family_name(site: Site, family: str) -> str:
    names: dict[str, str] = site.cache.setdefault("policy families", {})
    if family not in names:
        try:
            names[family] = str(site.read(f"/api/2.0/policy-families/{family}").get("name", ""))
        except NotFound:
            names[family] = ""
    return names[family]
