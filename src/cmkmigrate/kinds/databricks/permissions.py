"""The access control lists of everything that has one: one asset for each object."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.cluster_policies import ClusterPolicies
from cmkmigrate.kinds.databricks.clusters import Clusters
from cmkmigrate.kinds.databricks.directories import Directories, is_seeded
from cmkmigrate.kinds.databricks.files import Files
from cmkmigrate.kinds.databricks.git_folders import GitFolders
from cmkmigrate.kinds.databricks.instance_pools import InstancePools
from cmkmigrate.kinds.databricks.jobs import Jobs
from cmkmigrate.kinds.databricks.notebooks import Notebooks
from cmkmigrate.model import Asset, Body, Entry, Made, Reference

PERMISSIONS = "/api/2.0/permissions"
ROOT = "directories/0"  # the folder "/", whose ACL must keep the group admins
_LEVELS = ("CAN_USE", "CAN_RUN", "CAN_EDIT", "CAN_RESTART", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")  # upward
_PRINCIPALS = {"user_name": "users", "service_principal_name": "service_principals", "group_name": "groups"}
_TYPES = {
    kind.name: kind.permission_type
    for kind in (Directories, Notebooks, Files, GitFolders, InstancePools, ClusterPolicies, Clusters, Jobs)
}


class Permissions(Kind):
    """body: `access_control_list` as a PUT wants it, one principal and one level an entry; only what was given on the
    object itself, because what is inherited comes with its folder.

    An entry whose principal is not in the target is left out and reported. `admins` is left out everywhere but on the
    root folder: the service gives it CAN_MANAGE by itself. A job must have exactly one owner; where the source's is
    lost, the one it has in the target stays.
    """

    name = "permissions"
    service = "permissions"
    parents = tuple(_TYPES)
    unordered = ("access_control_list",)
    refs = tuple(
        Reference(f"access_control_list[*].{field}", (kind,), "key", missing="drop")
        for field, kind in _PRINCIPALS.items()
    )

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for parent, type in _TYPES.items():
            for one in listed(parent):
                key = one.key or one.marker or one.id
                yield Entry(
                    f"{type}/{one.id}",
                    f"{parent}:{key}",
                    f"{parent} {one.name or key}",
                    of=(parent, key),
                    unsupported=one.unsupported,
                    excluded=one.excluded,
                )

    def load(self, site: Site, entry: Entry) -> Asset:
        found = site.read(f"{PERMISSIONS}/{entry.id}").get("access_control_list") or ()
        body: Body = {"access_control_list": [given for one in found for given in _direct(one, entry.id == ROOT)]}
        return Asset(entry.id, entry.key, entry.name, of=entry.of, body=body)

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        """PUT replaces what was given on the object; what is inherited stays."""
        site.write("PUT", f"{PERMISSIONS}/{have.id}", want.body)
        return Made(have.id)

    def seeded(self, site: Site, entry: Entry) -> bool:
        """The list of a folder that the service makes itself comes with it."""
        kind, key = entry.of or ("", "")
        return kind == Directories.name and is_seeded(key)

    def fit(self, want: Body, have: Body) -> Body:
        wanted = want["access_control_list"]
        if any(one["permission_level"] == "IS_OWNER" for one in wanted):
            return want
        owners = [one for one in have["access_control_list"] if one["permission_level"] == "IS_OWNER"]
        if not owners:
            return want
        names = [_principal(one) for one in owners]
        return want | {"access_control_list": [*owners, *(one for one in wanted if _principal(one) not in names)]}


def _direct(entry: Body, with_admins: bool) -> Iterator[Body]:
    field, name = _principal(entry)
    if not field or ((field, name) == ("group_name", "admins") and not with_admins):
        return
    levels = [
        str(given["permission_level"]) for given in entry.get("all_permissions") or () if not given.get("inherited")
    ]
    if levels:
        said = str(entry[field])  # the service takes a user or an application in any case, and answers in its own
        yield {field: said if field == "group_name" else name, "permission_level": max(levels, key=_rank)}


def _rank(level: str) -> int:
    """Of several levels given to one principal a PUT keeps one; the highest says it all."""
    return _LEVELS.index(level) if level in _LEVELS else -1


def _principal(entry: Body) -> tuple[str, str]:
    return next(((field, str(entry[field]).casefold()) for field in _PRINCIPALS if entry.get(field)), ("", ""))
